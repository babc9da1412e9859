// Package e2e runs the whole system, every part a real process, and looks at
// what it leaves. It holds no code of its own; its scenarios read as a manual.
package e2e
