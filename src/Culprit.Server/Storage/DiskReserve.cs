using Culprit.Server.Journal;

namespace Culprit.Server.Storage;

/// <summary>A file that takes up room, and gives it to checkpoints and the outbox when the disk is full.</summary>
/// <remarks>It is made again when there is room. Linux only: elsewhere there is no reserve.</remarks>
internal sealed partial class DiskReserve(string folder, long bytes, IFileSystem files, TimeProvider clock, ILogger<DiskReserve> logger)
    : BackgroundService
{
    public const string FileName = "reserve";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly string _path = Path.Combine(folder, FileName);

    /// <summary>Gives the room away, or takes it again, as the disk demands. Called before anything else writes to the folder.</summary>
    public void Adjust()
    {
        if (!OperatingSystem.IsLinux() || bytes == 0)
        {
            return;
        }

        try
        {
            var space = files.Space(folder);
            var size = Math.Min(bytes, space.Total / 8);
            if (File.Exists(_path))
            {
                ReleaseIfNeeded(space, size);
            }
            else if (space.Free - size > space.Total / 8)
            {
                Take(size);
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
            Released(size);
        }
    }

    private void Take(long size)
    {
        try
        {
            using var file = PosixFile.Open(_path, Libc.ReadWrite | Libc.CreateFlag);
            file.Allocate(size);
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
