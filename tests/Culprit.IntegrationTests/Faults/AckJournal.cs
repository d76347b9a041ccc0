using System.Globalization;
using System.Text;
using Culprit.Server.Journal;

namespace Culprit.IntegrationTests.Faults;

/// <summary>What the server acknowledged, and when: the driver's own file, synced, outside the faulted disk.</summary>
/// <remarks>Lines that come during a sync share the next one: the journal must not slow the load down.</remarks>
internal sealed class AckJournal : IDisposable
{
    private readonly object _gate = new();
    private readonly string _path;
    private readonly PosixFile _file;
    private readonly Task _writing;
    private StringBuilder _lines = new();
    private bool _isIdle = true;
    private bool _isClosed;

    public AckJournal(string path)
    {
        _path = path;
        _file = PosixFile.Open(path, Libc.ReadWrite | Libc.CreateFlag);
        _writing = Task.Factory.StartNew(WriteAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public void Write(Ack ack)
    {
        lock (_gate)
        {
            _lines.Append(CultureInfo.InvariantCulture, $"{ack.Stream} {ack.First} {ack.Count} {ack.AtTicks}\n");
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Everything that was written before the call.</summary>
    public IReadOnlyList<Ack> Read()
    {
        lock (_gate)
        {
            while (!_isIdle || _lines.Length > 0)
            {
                Monitor.Wait(_gate);
            }
        }

        return [.. File.ReadLines(_path).Select(line => line.Split(' ')).Select(p => new Ack(Whole(p[0]), Whole(p[1]), Whole(p[2]), Long(p[3])))];
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.PulseAll(_gate);
        }

        _writing.Wait();
        _file.Dispose();
    }

    private void WriteAll()
    {
        for (var length = 0L; TakeLines() is { } lines; length += lines.Length)
        {
            _file.Write([lines], length);
            _file.Sync();
        }
    }

    private byte[]? TakeLines()
    {
        lock (_gate)
        {
            _isIdle = true;
            Monitor.PulseAll(_gate);
            while (_lines.Length == 0)
            {
                if (_isClosed)
                {
                    return null;
                }

                Monitor.Wait(_gate);
            }

            _isIdle = false;
            var lines = Encoding.ASCII.GetBytes(_lines.ToString());
            _lines = new StringBuilder();
            return lines;
        }
    }

    private static int Whole(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static long Long(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>One success answer: the numbers <c>First</c> to <c>First + Count - 1</c> of a stream.</summary>
/// <param name="AtTicks">Monotonic time at which the answer was read.</param>
internal readonly record struct Ack(int Stream, int First, int Count, long AtTicks);
