package imports

// layers is core's order (docs and DESIGN: "arrows point down"): a package imports layers
// above its own, and its own tree. A package belongs to the longest name that is a prefix of
// its folder. What stands on one line may not import one another.
var layers = [][]string{
	{"core/fault", "core/digest", "core/secret", "core/canonical", "core/plugin/proto"},
	{"core/object", "core/permit"},
	{"core/spec/field", "core/spec/v1"},
	{"core/spec"},
	{"core/policy"},
	{"core/attest"},
	{"core/attest/snp", "core/attest/sim"},
	{"core/keyrelease"},
	{"core/sealed"},
	{"core/volume"},
	{"core/sandbox"},
	{"core/firewall"},
	{"core/proxy"},
	{"core/governance"},
	{"core/telemetry"},
	{"core/plugin/internal"},
	{"core/plugin/sdk"},
	{"core/plugin/plugintest"},
	{"core/plugin"},
	{"core/room"},
	{"core/cmd/internal"},
	{"core/cmd"},
}

// zones are the folders at the root: what of this module their code and their tests may
// import beyond their own folder. Own is how many elements name that folder. Core's code has
// the layers besides.
var zones = map[string]zone{
	"core":     {own: 1, tests: []string{"internal"}},
	"internal": {own: 1},
	"plugins": {own: 3,
		code:  []string{"core/plugin/sdk", "core/plugin/proto", "core/fault", "core/digest", "plugins/internal", "plugins/governance/internal"},
		tests: []string{"core", "internal", "tools/service"}},
	"runtimes": {own: 2,
		code:  []string{"core/plugin/sdk", "core/plugin/proto", "core/fault", "core/digest"},
		tests: []string{"core", "internal", "tools/service"}},
	"policies": {own: 1, tests: []string{"core", "internal"}},
	"tools":    {own: 1, code: []string{"core", "internal/place", "policies"}, tests: []string{"internal"}},
	"e2e":      {own: 1, code: []string{"core", "internal", "tools", "policies"}},
}

type zone struct {
	own         int
	code, tests []string
}

// only names packages, ours or not, that nothing but the listed folders may import.
var only = map[string][]string{
	"github.com/hashicorp/go-plugin": {"core/plugin/internal/wire"},
}

// simulator is linked into programs whose name ends in -sim alone, and into tests.
const simulator = "core/attest/sim"

// fakeImporters may import fakes and conformance kits outside tests: they run them for people.
var fakeImporters = []string{"tools", "e2e"}
