using System.Text;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Export;

/// <summary>A server that has something to show for every metric that needs an event.</summary>
internal static class BusyServer
{
    public const int Records = 66;
    public const int Errors = 6;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Sixty records and six errors, which open an incident, and one event that is rejected.</summary>
    public static async Task FillAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var body = new StringBuilder();
        for (var i = 0; i < Records; i++)
        {
            body.Append("{\"service\":\"api\",\"environment\":\"production\",\"level\":\"").Append(i < Errors ? "error" : "info")
                .Append("\",\"message\":\"request ").Append(i).Append(i < Errors ? " timed out\"}\n" : " done\"}\n");
        }

        body.Append("{\"neither\":\"this nor that\"}\n");
        var (status, _) = await server.PostAsync(body.ToString(), "application/x-ndjson", cancellationToken);
        Assert.Equal(200, (int)status);
    }

    /// <summary>Reads <c>/metrics</c> until the condition holds.</summary>
    public static async Task<Exposition> ScrapeAsync(ServerProcess server, Func<Exposition, bool> condition, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var text = "";
        try
        {
            while (true)
            {
                text = await server.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), limit.Token);
                var page = Exposition.Parse(text);
                if (condition(page))
                {
                    return page;
                }

                await pause.WaitForNextTickAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"not met within {Patience}:\n{text}\n{server.Output}");
        }
    }
}
