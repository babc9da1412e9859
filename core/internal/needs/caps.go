package needs

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// capSysAdmin is CAP_SYS_ADMIN of capability(7).
const capSysAdmin = 21

// effective says whether this process holds the capability with number n.
func effective(n uint) (bool, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(status)) {
		if hex, ok := strings.CutPrefix(line, "CapEff:"); ok {
			mask, err := strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
			return mask>>n&1 == 1, err
		}
	}
	return false, fmt.Errorf("/proc/self/status has no CapEff line")
}
