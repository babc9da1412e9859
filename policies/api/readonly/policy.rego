# The application reads and sends nothing but the path it asks for.
package ccr.policy

default on_request_headers := false

default on_request_body := false

default on_response_headers := false

default on_response_body := false

# A request carries a method that reads, and no query.
on_request_headers := {"allowed": true, "rule": "read"} if {
	input.request.method in {"GET", "HEAD"}
	input.request.query == {}
}

# An answer is a success and JSON.
on_response_headers := {"allowed": true, "rule": "json"} if {
	input.response.status == 200
	count(input.response.headers["content-type"]) == 1
	startswith(input.response.headers["content-type"][0], "application/json")
}

# Its body is JSON of at most 64 KiB.
on_response_body := {"allowed": true, "rule": "json"} if {
	input.response.body.size <= 65536
	"json" in object.keys(input.response.body)
}
