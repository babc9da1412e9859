package main

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// additive returns an error that names every thing of was that is now gone or another.
// Only what was is looked at, so anything new is allowed.
func additive(was, now *descriptorpb.FileDescriptorSet) error {
	before, err := protodesc.NewFiles(was)
	if err != nil {
		return fmt.Errorf("%s: %w", descriptorSet, err)
	}
	after, err := protodesc.NewFiles(now)
	if err != nil {
		return err
	}
	var errs []error
	broken := func(d protoreflect.Descriptor, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", d.FullName(), fmt.Sprintf(format, args...)))
	}
	before.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Messages().Len() {
			message(f.Messages().Get(i), after.FindDescriptorByName, broken)
		}
		for i := range f.Enums().Len() {
			enum(f.Enums().Get(i), after.FindDescriptorByName, broken)
		}
		for i := range f.Services().Len() {
			service(f.Services().Get(i), after.FindDescriptorByName, broken)
		}
		return true
	})
	return errors.Join(errs...)
}

type (
	finder   func(protoreflect.FullName) (protoreflect.Descriptor, error)
	reporter func(d protoreflect.Descriptor, format string, args ...any)
)

func message(m protoreflect.MessageDescriptor, find finder, broken reporter) {
	d, _ := find(m.FullName())
	now, ok := d.(protoreflect.MessageDescriptor)
	if !ok {
		broken(m, "the message is gone")
		return
	}
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		g := now.Fields().ByNumber(f.Number())
		switch {
		case g == nil:
			broken(f, "field %d is gone", f.Number())
		case shape(f) != shape(g):
			broken(f, "field %d was %q and is %q", f.Number(), shape(f), shape(g))
		}
	}
	for i := range m.Messages().Len() {
		message(m.Messages().Get(i), find, broken)
	}
	for i := range m.Enums().Len() {
		enum(m.Enums().Get(i), find, broken)
	}
}

// shape is all of a field that another side of the wire, or its source code, depends on.
func shape(f protoreflect.FieldDescriptor) string {
	s := fmt.Sprintf("%s %s %s", f.Cardinality(), f.Kind(), f.Name())
	if f.Message() != nil {
		s += " of " + string(f.Message().FullName())
	}
	if f.Enum() != nil {
		s += " of " + string(f.Enum().FullName())
	}
	if o := f.ContainingOneof(); o != nil {
		s += " in " + string(o.Name())
	}
	return s
}

func enum(e protoreflect.EnumDescriptor, find finder, broken reporter) {
	d, _ := find(e.FullName())
	now, ok := d.(protoreflect.EnumDescriptor)
	if !ok {
		broken(e, "the enum is gone")
		return
	}
	for i := range e.Values().Len() {
		v := e.Values().Get(i)
		if w := now.Values().ByName(v.Name()); w == nil || w.Number() != v.Number() {
			broken(v, "the value %d is gone or has another number", v.Number())
		}
	}
}

func service(s protoreflect.ServiceDescriptor, find finder, broken reporter) {
	d, _ := find(s.FullName())
	now, ok := d.(protoreflect.ServiceDescriptor)
	if !ok {
		broken(s, "the service is gone")
		return
	}
	for i := range s.Methods().Len() {
		m := s.Methods().Get(i)
		n := now.Methods().ByName(m.Name())
		if n == nil {
			broken(m, "the method is gone")
			continue
		}
		was, is := protodesc.ToMethodDescriptorProto(m), protodesc.ToMethodDescriptorProto(n)
		was.Options, is.Options = nil, nil
		if !proto.Equal(was, is) {
			broken(m, "the method takes or returns something else")
		}
	}
}
