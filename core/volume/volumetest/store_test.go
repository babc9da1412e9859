package volumetest_test

import (
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

func TestStoreConforms(t *testing.T) {
	for name, check := range volumetest.Conform {
		t.Run(name, func(t *testing.T) { check(t, &volumetest.Store{}) })
	}
}
