package plugin

import (
	"context"
	"math"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
	keyservicev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/keyservice/v1"
	runtimev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/runtime/v1"
)

// Governance asks a governance plugin. What it answers is for the caller to check.
type Governance struct {
	p   *Process
	rpc governancev1.GovernanceClient
}

// Governance returns the plugin's backend; Invalid if it is none.
func (p *Process) Governance() (*Governance, error) {
	if err := p.only("governance"); err != nil {
		return nil, err
	}
	return &Governance{p, governancev1.NewGovernanceClient(p.conn)}, nil
}

// Consent asks one question. Anything but DECISION_GRANTED without an error is a no.
func (g *Governance) Consent(ctx context.Context, r *governancev1.ConsentRequest) (*governancev1.ConsentResponse, error) {
	return call(ctx, g.p, "consent "+r.GetOperation(), plain(g.rpc.Consent), r)
}

// Record has one event kept.
func (g *Governance) Record(ctx context.Context, r *governancev1.RecordRequest) (*governancev1.RecordResponse, error) {
	return call(ctx, g.p, "record", plain(g.rpc.Record), r)
}

// KeyService asks a key service's plugin. The answer is signed; the caller checks that.
type KeyService struct {
	p   *Process
	rpc keyservicev1.KeyServiceClient
}

// KeyService returns the plugin's service; Invalid if it is none.
func (p *Process) KeyService() (*KeyService, error) {
	if err := p.only("keyservice"); err != nil {
		return nil, err
	}
	return &KeyService{p, keyservicev1.NewKeyServiceClient(p.conn)}, nil
}

// Release asks for a wrapped key.
func (k *KeyService) Release(ctx context.Context, key string, evidence, runtimeData, nonce []byte) (answer, signature []byte, err error) {
	resp, err := call(ctx, k.p, "release "+key, plain(k.rpc.Release), &keyservicev1.ReleaseRequest{
		Key: key, Evidence: evidence, RuntimeData: runtimeData, Nonce: nonce})
	if err != nil {
		return nil, nil, err
	}
	return resp.Answer, resp.Signature, nil
}

// Runtime launches the application through a runtime plugin, which is trusted.
type Runtime struct {
	p   *Process
	rpc runtimev1.RuntimeClient
}

// Runtime returns the plugin's launcher; Invalid if it is none.
func (p *Process) Runtime() (*Runtime, error) {
	if err := p.only("runtime"); err != nil {
		return nil, err
	}
	return &Runtime{p, runtimev1.NewRuntimeClient(p.conn)}, nil
}

// Prepare unpacks and checks the image.
func (r *Runtime) Prepare(ctx context.Context, q *runtimev1.PrepareRequest) (*runtimev1.PrepareResponse, error) {
	return call(ctx, r.p, "prepare", plain(r.rpc.Prepare), q)
}

// Start starts the application.
func (r *Runtime) Start(ctx context.Context, q *runtimev1.StartRequest) (*runtimev1.StartResponse, error) {
	return call(ctx, r.p, "start", plain(r.rpc.Start), q)
}

// Wait returns when every process of the application is gone; it has no limit of its own.
func (r *Runtime) Wait(ctx context.Context, q *runtimev1.WaitRequest) (*runtimev1.WaitResponse, error) {
	resp, err := r.rpc.Wait(ctx, q)
	if err != nil {
		return nil, fault.Wrap("plugin "+r.p.name, r.p.fromStatus(ctx, "wait", err))
	}
	if resp.ExitCode < 0 || resp.ExitCode > math.MaxUint8 {
		return nil, fault.New(fault.Internal, "plugin "+r.p.name+": wait", "exit code %d is none", resp.ExitCode)
	}
	return resp, nil
}

// Stop ends the application.
func (r *Runtime) Stop(ctx context.Context, q *runtimev1.StopRequest) (*runtimev1.StopResponse, error) {
	return call(ctx, r.p, "stop", plain(r.rpc.Stop), q)
}
