package ccr.policy_test

import data.ccr.policy

request := {"method": "GET", "path": "/v1/a", "query": {}, "headers": {}}

response := {"status": 200, "headers": {"content-type": ["application/json"]}, "body": {"size": 2, "json": {}}}

test_a_read_passes if {
	policy.on_request_headers.allowed with input as {"request": request}
}

test_a_write_is_refused if {
	not policy.on_request_headers with input as {"request": object.union(request, {"method": "POST"})}
}

test_a_query_is_refused if {
	not policy.on_request_headers with input as {"request": object.union(request, {"query": {"q": ["x"]}})}
}

test_a_body_is_refused if {
	not policy.on_request_body with input as {"request": object.union(request, {"body": {"size": 1, "text": "x"}})}
}

test_json_comes_back if {
	policy.on_response_headers.allowed with input as {"request": request, "response": response}
	policy.on_response_body.allowed with input as {"request": request, "response": response}
}

test_other_types_are_refused if {
	bad := {"status": 200, "headers": {"content-type": ["text/html"]}, "body": {"size": 2, "text": "hi"}}
	not policy.on_response_headers with input as {"request": request, "response": bad}
	not policy.on_response_body with input as {"request": request, "response": bad}
}

test_an_error_is_refused if {
	not policy.on_response_headers with input as {"request": request, "response": object.union(response, {"status": 500})}
}

test_a_large_answer_is_refused if {
	bad := object.union(response, {"body": {"size": 65537, "json": {}}})
	not policy.on_response_body with input as {"request": request, "response": bad}
}
