"""Sums up a run of ./check: count.py TESTLOG BUILDS FAILED_BUILDS

A test that speaks TAP counts as many times as it has sub-tests, any other once;
each build counts once.  A test that died counts as one more failure.  The last
line is `N passed, N failed`; the exit status is 1 if anything failed, or if no
test ran at all.
"""
import json
import re
import sys

SUBTEST = re.compile(r'^(not )?ok\b([^#\n]*)(#[ \t]*(skip|todo))?', re.IGNORECASE | re.MULTILINE)


def tests(path):
    try:
        with open(path, encoding='utf-8') as log:
            return [json.loads(line) for line in log]
    except OSError:
        return []


def count(test):
    """(passed, failed, skipped) of one line of the log."""
    passed = failed = skipped = 0
    for bad, _, directive, kind in SUBTEST.findall(test.get('stdout') or ''):
        if directive:
            skipped += 1
        elif bad:
            failed += 1
        else:
            passed += 1
    result = test['result']
    if result == 'SKIP':
        return 0, 0, max(skipped, 1)
    if result in ('OK', 'EXPECTEDFAIL'):
        return max(passed, 0 if skipped else 1), failed, skipped
    return passed, max(failed, 1), skipped


def main():
    path, builds, failed_builds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    ran = tests(path)
    failed = failed_builds
    passed = builds - failed_builds
    skipped = 0
    for test in ran:
        ok, bad, left = count(test)
        passed, failed, skipped = passed + ok, failed + bad, skipped + left
        if bad:
            print(f"failed: {test['name']} ({test['result']})")
    if failed_builds:
        print(f'failed builds: {failed_builds}, see above')
    if not ran:
        print('no test ran')
        failed = max(failed, 1)
    if skipped:
        print(f'{skipped} skipped')
    if failed:
        print(f"log: {path.replace('.json', '.txt')}")
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


sys.exit(main())
