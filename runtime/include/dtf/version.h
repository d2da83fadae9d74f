/* The one header that the compiler and the runtime share. */
#ifndef DTF_VERSION_H
#define DTF_VERSION_H

#define DTF_VERSION "0.1.0"

/* The contract between generated C and the runtime: dtf/abi.h. */
#define DTF_ABI 1

/* The store's format: a database with another major is refused untouched. */
#define DTF_FORMAT_MAJOR 3
#define DTF_FORMAT_MINOR 0

#endif
