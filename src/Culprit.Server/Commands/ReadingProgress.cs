using Spectre.Console;

namespace Culprit.Server.Commands;

/// <summary>A bar on the terminal while files are read; silent when standard error goes elsewhere.</summary>
internal static class ReadingProgress
{
    /// <param name="bytes">Bytes to read; 0 when unknown.</param>
    /// <param name="bytesRead">Asked from another thread, a few times a second.</param>
    public static async Task ShowAsync(long bytes, Func<long> bytesRead, Func<Task> work)
    {
        if (Console.IsErrorRedirected)
        {
            await work().ConfigureAwait(false);
            return;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(async progress =>
            {
                var task = progress.AddTask("reading", maxValue: Math.Max(1, bytes));
                using var ended = new CancellationTokenSource();
                var updating = UpdateAsync(task, bytesRead, ended.Token);
                try
                {
                    await work().ConfigureAwait(false);
                }
                finally
                {
                    await ended.CancelAsync().ConfigureAwait(false);
                    await updating.ConfigureAwait(false);
                }
            }).ConfigureAwait(false);
    }

    private static async Task UpdateAsync(ProgressTask task, Func<long> bytesRead, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                task.Value = bytesRead();
            }
        }
        catch (OperationCanceledException)
        {
            // The reading is over.
        }
    }
}
