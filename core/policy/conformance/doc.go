// Package conformance holds core/policy's text against the engine that the
// platform enforces policies with (hcsshim, pkg/securitypolicy). It is a module of
// its own, so that nothing shipped carries that engine, and runs with -tags rego:
//
//	cd core/policy/conformance && go test -tags rego ./...
package conformance
