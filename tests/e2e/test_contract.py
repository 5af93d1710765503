"""The fake Docker Engine of the unit tests, held against this real one: both are asked the same questions."""

import shutil

from harness.runner import test


@test
def the_fake_engine_of_the_unit_tests_answers_as_this_one(world):
    digest = world.ready()
    reference = f"{world.repository}@{digest}"
    world.engine.pull(world.repository, digest)
    program = world.cvm.directory / "unit_tests"
    shutil.copy2(world.binaries / "unit_tests", program)
    run = world.cvm.spawn(program, "--gtest_filter=*EngineContract*/real",
                          env={"TEST_DOCKER_SOCKET": "/run/docker.sock", "TEST_DOCKER_IMAGE": reference})
    assert run.wait(120) == 0, run.output()
    assert "[  PASSED  ]" in run.output() and "SKIPPED" not in run.output(), run.output()
