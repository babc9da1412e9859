# Nothing passes. A policy begins as a copy of this one.
package ccr.policy

default on_request_headers := false

default on_request_body := false

default on_response_headers := false

default on_response_body := false
