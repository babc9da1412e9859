package demo

import (
	"maps"
	"slices"

	"github.com/cleanroom-dev/cleanroom/core/governance"
)

// scenario is what one fault changes in an otherwise ordinary run. A hook that
// is nil changes nothing.
type scenario struct {
	exit    int    // the documented exit code
	help    string // one line
	command []string
	off     string                       // the operation whose consent is never switched on
	before  func(*demo) error            // after everything is agreed, before the room starts
	at      map[string]func(*demo) error // when the room reports a stage done
}

// names of the application's ways to behave (e2e/demo/app).
var (
	normal = []string{"/app", "run"}
	sleeps = []string{"/app", "sleep"}
	crash  = []string{"/app", "crash"}
)

// scenarios by fault; "" is the ordinary run.
var scenarios = map[string]scenario{
	"":                   {0, "", normal, "", nil, nil},
	"no-consent":         {4, "a party does not let the room open", normal, governance.RoomOpen, nil, nil},
	"withdrawn-consent":  {4, "a party withdraws while the application runs", sleeps, "", nil, map[string]func(*demo) error{"start": (*demo).withdraw}},
	"no-present-consent": {4, "a party does not let its data be presented", normal, governance.DataPresent, nil, nil},
	"output-denied":      {4, "a party does not let the output leave", normal, governance.OutputRelease, nil, nil},
	"audit-down":         {7, "an audit endpoint is not there", normal, "", (*demo).auditDown, nil},
	"audit-wrong-code":   {4, "an audit endpoint answers 202 where 201 was agreed", normal, "", (*demo).auditWrongCode, nil},
	"wrong-policy":       {5, "the hospitals' brokers hold another policy hash than the room runs under", normal, "", nil, nil},
	"tampered-blob":      {6, "one byte of a published blob is another", normal, "", (*demo).tamperBlob, nil},
	"rolled-back-blob":   {6, "a blob of an older version of the dataset is back", normal, "", (*demo).rollBackBlob, nil},
	"plugin-checksum":    {6, "a plugin is not the one that was measured", normal, "", (*demo).tamperPlugin, nil},
	"plugin-killed":      {7, "a plugin dies while the application runs", sleeps, "", nil, map[string]func(*demo) error{"start": (*demo).killPlugin}},
	"storage-gone":       {7, "the storage goes away before the data is read", normal, "", nil, map[string]func(*demo) error{"mount": (*demo).killStorage}},
	"envoy-killed":       {7, "Envoy dies while the application runs", sleeps, "", nil, map[string]func(*demo) error{"start": (*demo).killEnvoy}},
	"app-crash":          {8, "the application fails", crash, "", nil, nil},
}

// Faults lists the names that --fault takes, with what each does.
func Faults() (names []string, help map[string]string) {
	help = map[string]string{}
	for n, s := range scenarios {
		if n != "" {
			help[n] = s.help
		}
	}
	return slices.Sorted(maps.Keys(help)), help
}
