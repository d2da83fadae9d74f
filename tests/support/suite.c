#include "suite.h"

#include <stdbool.h>
#include <stdlib.h>

int suite_run(Suite *suite) {
	SRunner *runner = srunner_create(suite);
	bool tap = getenv("CK_TAP_LOG_FILE_NAME") != NULL;
	srunner_run_all(runner, tap ? CK_SILENT : CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return tap || failed == 0 ? 0 : 1;
}
