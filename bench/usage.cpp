// Runs a command and prints what it used: CPU milliseconds and peak resident kilobytes.
#include <cstdio>

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char** environ;

int main(int count, char** values)
{
    pid_t child = 0;
    int status = 0;
    if (count < 2 || posix_spawn(&child, values[1], nullptr, nullptr, values + 1, environ) != 0
        || waitpid(child, &status, 0) != child)
        return 1;
    rusage used {};
    getrusage(RUSAGE_CHILDREN, &used);
    auto const milliseconds = [](timeval const& time) {
        return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
    };
    std::printf("\nusage: %.2f ms %ld kB\n", milliseconds(used.ru_utime) + milliseconds(used.ru_stime), used.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
