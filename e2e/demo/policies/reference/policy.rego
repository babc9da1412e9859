# What the demo's application may ask of the reference service, and hear back:
# two known paths out, and no answer that names patients back in.
package ccr.policy

on_request_headers := {"allowed": true, "rule": "known-path"} if {
	input.request.method == "GET"
	input.request.path in {"/v1/reference", "/v1/patients"}
	count(input.request.query) == 0
}

on_response_headers := {"allowed": true, "rule": "json"} if {
	input.response.status == 200
	input.response.headers["content-type"] == ["application/json"]
}

on_response_body := {"allowed": true, "rule": "no-patients"} if {
	is_object(input.response.body.json)
	not names_patients
}

on_response_body := {"allowed": false, "rule": "no-patients", "http_status": 403, "body": {"code": "PatientsNotAllowed"}} if {
	names_patients
}

names_patients if {
	walk(input.response.body.json, [path, _])
	some key in path
	is_string(key)
	contains(lower(key), "patient")
}
