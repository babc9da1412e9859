// Command rclone is rclone with the little of it that benchmarks set beside our volumes:
// the mount, Azure Blob Storage, and encryption over it. It is built from its own module,
// so that nothing of it can enter a shipped binary.
package main

import (
	_ "github.com/rclone/rclone/backend/azureblob"
	_ "github.com/rclone/rclone/backend/crypt"
	_ "github.com/rclone/rclone/backend/local" // of the mount's cache
	"github.com/rclone/rclone/cmd"
	_ "github.com/rclone/rclone/cmd/mount"
	_ "github.com/rclone/rclone/cmd/mount2"
	_ "github.com/rclone/rclone/cmd/obscure"
)

func main() { cmd.Main() }
