package ccr.policy_test

import data.ccr.policy

request := {"method": "GET", "path": "/v1/reference", "query": {}}

test_known_path_passes if policy.on_request_headers.allowed with input as {"request": request}

test_another_path_is_refused if {
	not policy.on_request_headers with input as {"request": object.union(request, {"path": "/v1/upload"})}
}

test_another_method_is_refused if {
	not policy.on_request_headers with input as {"request": object.union(request, {"method": "POST"})}
}

test_a_query_is_refused if {
	not policy.on_request_headers with input as {"request": object.union(request, {"query": {"x": ["1"]}})}
}

test_a_request_body_is_refused if {
	not policy.on_request_body with input as {"request": object.union(request, {"body": {"size": 1, "text": "x"}})}
}

test_json_answer_passes if {
	policy.on_response_headers.allowed with input as {"response": {"status": 200, "headers": {"content-type": ["application/json"]}}}
}

test_an_error_answer_is_refused if {
	not policy.on_response_headers with input as {"response": {"status": 500, "headers": {"content-type": ["application/json"]}}}
}

test_an_answer_that_is_not_json_is_refused if {
	not policy.on_response_body with input as {"response": {"body": {"size": 1, "text": "x"}}}
}

test_an_answer_without_patients_passes if {
	policy.on_response_body.allowed with input as {"response": {"body": {"json": {"benign": 0.63}}}}
}

test_an_answer_that_names_patients_is_refused if {
	not policy.on_response_body.allowed with input as {"response": {"body": {"json": {"list": [{"Patients": ["P001"]}]}}}}
}
