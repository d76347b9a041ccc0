using Culprit.Server.Health;
using Culprit.Server.Journal;

namespace Culprit.Server.Storage;

/// <summary>A file that takes up room, and gives it to checkpoints and the outbox when the disk is full.</summary>
/// <remarks>It is made again when there is room. Linux only: elsewhere there is no reserve.</remarks>
internal sealed partial class DiskReserve(string folder, long bytes, IFileSystem files, TimeProvider clock, ILogger<DiskReserve> logger)
    : BackgroundService, IHealthSource
{
    public const string FileName = "reserve";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly string _path = Path.Combine(folder, FileName);
    private readonly Lock _gate = new();
    private DiskSpace _space = DiskSpace.Unknown;
    private bool _isReleased;

    public string Name => "disk";

    public HealthReport Check()
    {
        lock (_gate)
        {
            var isKnown = _space.Total is > 0 and < long.MaxValue;
            return new HealthReport(
                _isReleased ? HealthState.Degraded : HealthState.Ok,
                _isReleased ? "the disk was full: its reserve is given to checkpoints and alerts" : null,
                new Dictionary<string, object>
                {
                    ["used_percent"] = isKnown ? Math.Round(100.0 * (_space.Total - _space.Free) / _space.Total, 1) : 0,
                    ["free_bytes"] = isKnown ? _space.Free : 0,
                    ["reserve"] = bytes == 0 ? "none" : _isReleased ? "released" : "held",
                });
        }
    }

    /// <summary>Gives the room away, or takes it again, as the disk demands. Called before anything else writes to the folder.</summary>
    public void Adjust()
    {
        try
        {
            var space = files.Space(folder);
            lock (_gate)
            {
                _space = space;
            }

            if (!OperatingSystem.IsLinux() || bytes == 0)
            {
                return;
            }

            var size = Math.Min(bytes, space.Total / 8);
            if (File.Exists(_path))
            {
                ReleaseIfNeeded(space, size);
            }
            else if (space.Free - size > space.Total / 8)
            {
                Take(size);
            }
            else if (space.Free < size)
            {
                SetReleased(true); // Before this start.
            }
        }
        catch (DiskException e)
        {
            // The next look tries again.
            Failed(e.Message);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            Adjust();
        }
    }

    private void ReleaseIfNeeded(DiskSpace space, long size)
    {
        if (space.Free < size / 4)
        {
            files.Delete(_path);
            SetReleased(true);
            Released(size);
        }
    }

    private void SetReleased(bool isReleased)
    {
        lock (_gate)
        {
            _isReleased = isReleased;
        }
    }

    private void Take(long size)
    {
        try
        {
            using var file = PosixFile.Open(_path, Libc.ReadWrite | Libc.CreateFlag);
            file.Allocate(size);
            SetReleased(false);
        }
        catch (DiskException)
        {
            files.Delete(_path);
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The disk is full: {Bytes} bytes of reserve are given to checkpoints and alerts. Events are refused until there is room")]
    private partial void Released(long bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The reserve on the disk could not be made: {Reason}")]
    private partial void Failed(string reason);
}
