/* Assertions guard money: no build type may switch them off. */
#ifdef NDEBUG
#error "NDEBUG is set: see b_ndebug in meson.build"
#endif

int main(void) {
	return 0;
}
