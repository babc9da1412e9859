package dataset

// SetStep makes f hear of each local step. It is called before the first.
func SetStep(f func(what string)) { step = f }
