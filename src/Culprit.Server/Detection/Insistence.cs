using System.Data.Common;

namespace Culprit.Server.Detection;

/// <summary>Repeats what must succeed before the engine may go on, such as on a full disk, until it does.</summary>
/// <remarks>Nothing is lost meanwhile: the journal has what waits. The work must be safe to repeat.</remarks>
internal sealed partial class Insistence(EngineProgress progress, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task<T> DoAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var result = await work().ConfigureAwait(false);
                progress.Obstacle = null;
                return result;
            }
            catch (Exception e) when (e is DbException or IOException)
            {
                if (progress.Obstacle is null)
                {
                    StoreFailed(e);
                }

                progress.Obstacle = e.Message;
                await Task.Delay(Pause, clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public Task DoAsync(Func<Task> work, CancellationToken cancellationToken) => DoAsync(
        async () =>
        {
            await work().ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    [LoggerMessage(Level = LogLevel.Error, Message = "What the engine found cannot be stored; it waits and tries again every second")]
    private partial void StoreFailed(Exception exception);
}
