package repair

// FoundDamage is what integrity_check's words come to.
var FoundDamage = foundDamage
