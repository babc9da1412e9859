package ccr.policy_test

import data.ccr.policy

request := {"method": "GET", "path": "/", "query": {}, "headers": {}}

response := {"status": 200, "headers": {}, "body": {"size": 0}}

test_nothing_is_sent if {
	policy.on_request_headers == false with input as {"request": request}
	policy.on_request_body == false with input as {"request": request}
}

test_nothing_is_received if {
	policy.on_response_headers == false with input as {"request": request, "response": response}
	policy.on_response_body == false with input as {"request": request, "response": response}
}
