package attest

// Endorse is the production judge of MEASUREMENT.
var Endorse = endorse
