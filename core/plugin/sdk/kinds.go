package sdk

import (
	"context"

	"google.golang.org/grpc"

	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/data"
	sinkv1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/datasink/v1"
	sourcev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/datasource/v1"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
	keyservicev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/keyservice/v1"
	runtimev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/runtime/v1"
)

// Adapters from the author's interfaces to the wire's services.
type (
	source struct {
		sourcev1.UnsafeDataSourceServer
		Source
	}
	sink struct {
		sinkv1.UnsafeDataSinkServer
		Sink
	}
	governance struct {
		governancev1.UnsafeGovernanceServer
		Governance
	}
	keyService struct {
		keyservicev1.UnsafeKeyServiceServer
		KeyService
	}
	runtime struct {
		runtimev1.UnsafeRuntimeServer
		Runtime
	}
)

func (s source) Stat(ctx context.Context, r *sourcev1.StatRequest) (*sourcev1.StatResponse, error) {
	if err := data.CheckName(r.Name); err != nil {
		return nil, err
	}
	info, err := s.Source.Stat(ctx, r.Name)
	return &sourcev1.StatResponse{Size: info.Size, Etag: info.ETag}, err
}

func (s source) List(r *sourcev1.ListRequest, out grpc.ServerStreamingServer[sourcev1.ListResponse]) error {
	for info, err := range s.Source.List(out.Context(), r.Prefix) {
		if err != nil {
			return err
		}
		if err := out.Send(&sourcev1.ListResponse{Name: info.Name, Size: info.Size, Etag: info.ETag}); err != nil {
			return err
		}
	}
	return nil
}

func (s sink) Stat(ctx context.Context, r *sinkv1.StatRequest) (*sinkv1.StatResponse, error) {
	if err := data.CheckName(r.Name); err != nil {
		return nil, err
	}
	info, err := s.Sink.Stat(ctx, r.Name)
	return &sinkv1.StatResponse{Size: info.Size, Etag: info.ETag}, err
}

func (s sink) Delete(ctx context.Context, r *sinkv1.DeleteRequest) (*sinkv1.DeleteResponse, error) {
	if err := data.CheckName(r.Name); err != nil {
		return nil, err
	}
	if r.Etag == "" {
		return nil, Errorf(Invalid, "plugin.delete", "%s: etag is required", r.Name)
	}
	err := s.Sink.Delete(ctx, Info{Name: r.Name, ETag: r.Etag})
	return &sinkv1.DeleteResponse{}, err
}
