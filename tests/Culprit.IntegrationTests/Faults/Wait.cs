namespace Culprit.IntegrationTests.Faults;

/// <summary>Waits for what a server does in its own time.</summary>
internal static class Wait
{
    /// <summary>Until the condition holds; how long that took.</summary>
    public static async Task<TimeSpan> UntilAsync(string what, TimeSpan limit, Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < limit, $"not within {limit}: {what}");
            await pause.WaitForNextTickAsync(cancellationToken);
        }

        return TimeProvider.System.GetElapsedTime(start);
    }
}
