"""What a process costs, from /proc."""
import os

TICKS = os.sysconf('SC_CLK_TCK')


def cpu_seconds(pid):
    """Seconds of processor that a process has used, finely where it can be.

    /proc/PID/stat counts in hundredths; the threads' own clocks in
    nanoseconds, but without the threads that have ended.
    """
    with open('/proc/%d/stat' % pid) as stat:
        fields = stat.read().rpartition(')')[2].split()
    coarse = (int(fields[11]) + int(fields[12])) / TICKS
    fine = 0
    for thread in os.listdir('/proc/%d/task' % pid):
        try:
            with open('/proc/%d/task/%s/schedstat' % (pid, thread)) as stat:
                fine += int(stat.read().split()[0])
        except (OSError, IndexError, ValueError):
            pass
    return max(coarse, fine / 1e9)


def memory_mib(pid, which='VmHWM'):
    """Most memory that a process has had (VmHWM), or has now (VmRSS)."""
    with open('/proc/%d/status' % pid) as status:
        for line in status:
            if line.startswith(which + ':'):
                return int(line.split()[1]) / 1024
    raise RuntimeError('%s is not told' % which)
