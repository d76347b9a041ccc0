using Culprit.Server.Ingestion.Files;

namespace Culprit.Server.Analysis;

/// <summary>One file as it is being read: the batch at hand, and the next one on its way.</summary>
internal sealed class FileCursor : IDisposable
{
    private readonly LogFileReader _reader;
    private readonly IEnumerator<Engine.Records.RecordBatch> _batches;
    private readonly SemaphoreSlim _threads;
    private Task<TimedBatch?> _next;
    private long _floor = long.MinValue;

    private FileCursor(LogFileReader reader, int order, SemaphoreSlim threads, CancellationToken cancellationToken)
    {
        _reader = reader;
        _threads = threads;
        Order = order;
        _batches = reader.Read(cancellationToken).GetEnumerator();
        _next = ReadAsync(cancellationToken);
    }

    /// <summary>Place among the inputs: decides between records of the same time.</summary>
    public int Order { get; }

    public LogFileReader Reader => _reader;

    /// <summary>The batch at hand; null at the end of the file.</summary>
    public TimedBatch? Current { get; private set; }

    /// <summary>First record of the batch at hand that has not been played.</summary>
    public int Position { get; set; }

    /// <summary>Time of that record.</summary>
    public long Key => Current!.Keys[Position];

    /// <param name="threads">Bounds how many files are parsed at once.</param>
    public static FileCursor Open(LogFileReader reader, int order, SemaphoreSlim threads, CancellationToken cancellationToken) =>
        new(reader, order, threads, cancellationToken);

    /// <summary>Steps to the next batch; false at the end of the file.</summary>
    public async ValueTask<bool> AdvanceAsync(CancellationToken cancellationToken)
    {
        Current = await _next.ConfigureAwait(false);
        Position = 0;
        if (Current is null)
        {
            return false;
        }

        _next = ReadAsync(cancellationToken);
        return true;
    }

    public void Dispose()
    {
        // The enumerator must not be disposed while a read is under way; a cancelled read ends soon.
        _next.ContinueWith(
            _ =>
            {
                _batches.Dispose();
                _reader.Dispose();
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private async Task<TimedBatch?> ReadAsync(CancellationToken cancellationToken)
    {
        await _threads.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(
                () =>
                {
                    while (_batches.MoveNext())
                    {
                        if (_batches.Current.Count > 0)
                        {
                            var timed = TimedBatch.Of(_batches.Current, _floor);
                            _floor = timed.Keys[^1];
                            return timed;
                        }
                    }

                    return null;
                },
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _threads.Release();
        }
    }
}
