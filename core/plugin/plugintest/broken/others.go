package broken

import (
	"context"
	"io"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/plugin/plugintest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// Sink is a sink that is right but for one thing.
type Sink struct {
	Bites string // the test that must fail
	Make  func(*plugintest.MemorySink) plugintest.Writer
}

type sinkBase struct{ *plugintest.MemorySink }

// Sinks are the wrong sinks by what is wrong.
func Sinks() map[string]Sink {
	return map[string]Sink{
		"loses the last byte": {"sink: what is put is there",
			func(m *plugintest.MemorySink) plugintest.Writer { return cutter{sinkBase{m}} }},
		"says Denied of what is missing": {"sink: what does not exist is NotFound",
			func(m *plugintest.MemorySink) plugintest.Writer { return shy{sinkBase{m}} }},
		"always overwrites": {"sink: nothing is overwritten unless asked for",
			func(m *plugintest.MemorySink) plugintest.Writer { return blunt{sinkBase{m}} }},
		"overwrites any version": {"sink: only the version that was named is overwritten",
			func(m *plugintest.MemorySink) plugintest.Writer { return unmatched{sinkBase{m}} }},
		"stores what it got so far": {"sink: an upload cut short leaves nothing",
			func(m *plugintest.MemorySink) plugintest.Writer { return hasty{sinkBase{m}} }},
		"removes before it writes": {"sink: an upload cut short leaves what was there",
			func(m *plugintest.MemorySink) plugintest.Writer { return eager{sinkBase{m}} }},
		"takes an early end for the end": {"sink: a body longer or shorter than said stores nothing",
			func(m *plugintest.MemorySink) plugintest.Writer { return trusting{sinkBase{m}} }},
		"deletes any version": {"sink: only the version that was named is deleted",
			func(m *plugintest.MemorySink) plugintest.Writer { return axe{sinkBase{m}} }},
		"looks, then writes": {"sink: of two that create the same at once, one does",
			func(m *plugintest.MemorySink) plugintest.Writer { return &racy{sinkBase: sinkBase{m}} }},
		"takes the content for the version": {"sink: a version that comes again is another version",
			func(m *plugintest.MemorySink) plugintest.Writer { return lasting{sinkBase{m}} }},
	}
}

type cutter struct{ sinkBase }

func (b cutter) Put(ctx context.Context, name string, size int64, body io.Reader, c sdk.Condition) (sdk.Info, error) {
	if size == 0 {
		return b.MemorySink.Put(ctx, name, size, body, c)
	}
	info, err := b.MemorySink.Put(ctx, name, size-1, io.LimitReader(body, size-1), c)
	return info, err
}

type shy struct{ sinkBase }

func (b shy) Stat(ctx context.Context, name string) (sdk.Info, error) {
	info, err := b.MemorySink.Stat(ctx, name)
	if err != nil {
		err = sdk.Errorf(sdk.Denied, "broken.stat", "%s", name)
	}
	return info, err
}

type blunt struct{ sinkBase }

func (b blunt) Put(ctx context.Context, name string, size int64, body io.Reader, c sdk.Condition) (sdk.Info, error) {
	c.Overwrite = true
	return b.MemorySink.Put(ctx, name, size, body, c)
}

type unmatched struct{ sinkBase }

func (b unmatched) Put(ctx context.Context, name string, size int64, body io.Reader, c sdk.Condition) (sdk.Info, error) {
	c.IfMatch = ""
	return b.MemorySink.Put(ctx, name, size, body, c)
}

type hasty struct{ sinkBase }

func (b hasty) Put(ctx context.Context, name string, size int64, body io.Reader, c sdk.Condition) (sdk.Info, error) {
	content, err := io.ReadAll(body)
	info, putErr := b.MemorySink.Put(ctx, name, int64(len(content)), strings.NewReader(string(content)), c)
	if err != nil {
		return info, err
	}
	return info, putErr
}

type eager struct{ sinkBase }

func (b eager) Put(ctx context.Context, name string, size int64, body io.Reader, c sdk.Condition) (sdk.Info, error) {
	if old, err := b.Stat(ctx, name); err == nil && c.Overwrite && c.IfMatch == "" {
		if err := b.MemorySink.Delete(ctx, old); err != nil {
			return sdk.Info{}, err
		}
	}
	return b.MemorySink.Put(ctx, name, size, body, c)
}

type trusting struct{ sinkBase }

func (b trusting) Put(ctx context.Context, name string, size int64, body io.Reader, c sdk.Condition) (sdk.Info, error) {
	content, err := io.ReadAll(body)
	if err != nil {
		return sdk.Info{}, err
	}
	return b.MemorySink.Put(ctx, name, int64(len(content)), strings.NewReader(string(content)), c)
}

type axe struct{ sinkBase }

func (b axe) Delete(ctx context.Context, o sdk.Info) error {
	now, err := b.Stat(ctx, o.Name)
	if err != nil {
		return err
	}
	return b.MemorySink.Delete(ctx, now)
}

type racy struct{ sinkBase }

func (b *racy) Put(ctx context.Context, name string, size int64, body io.Reader, c sdk.Condition) (sdk.Info, error) {
	_, err := b.Stat(ctx, name)
	if err == nil && !c.Overwrite {
		return sdk.Info{}, sdk.Errorf(sdk.Denied, "broken.put", "%s: %w", name, sdk.ErrCondition)
	}
	if sdk.KindOf(err) == sdk.NotFound && c.IfMatch == "" {
		c.Overwrite = true
	}
	content, err := io.ReadAll(slow{body})
	if err != nil {
		return sdk.Info{}, err
	}
	return b.MemorySink.Put(ctx, name, size, strings.NewReader(string(content)), c)
}

type lasting struct{ sinkBase }

func (b lasting) Put(ctx context.Context, name string, size int64, body io.Reader, c sdk.Condition) (sdk.Info, error) {
	content, err := io.ReadAll(body)
	if err != nil {
		return sdk.Info{}, err
	}
	if was, ok := b.Get(name); ok && string(was) == string(content) {
		return b.Stat(ctx, name)
	}
	return b.MemorySink.Put(ctx, name, size, strings.NewReader(string(content)), c)
}
