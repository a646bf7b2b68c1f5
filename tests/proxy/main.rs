//! The proxy as its users meet it: the real binary, real origins, real sockets.
