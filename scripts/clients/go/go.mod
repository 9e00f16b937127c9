module flow

go 1.18

require github.com/latchkey/client v0.0.0

replace github.com/latchkey/client => ../client
