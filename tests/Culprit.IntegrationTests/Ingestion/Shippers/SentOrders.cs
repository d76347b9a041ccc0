using System.Text.Json;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Ingestion.Shippers;

/// <summary>What a server has of the orders 1 to <paramref name="count"/> that a client sent, an <c>order N</c> each.</summary>
internal sealed class SentOrders(ServerProcess server, int count)
{
    /// <summary>Waits until each is there; null when one stays away, with the number that are.</summary>
    public async Task<IReadOnlyList<JsonElement>> WaitForAllAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            var events = await ReadAsync(limit.Token);
            if (DistinctOf(events) >= count)
            {
                return events;
            }

            await pause.WaitForNextTickAsync(limit.Token);
        }
    }

    public static int DistinctOf(IEnumerable<JsonElement> events) => events.Select(e => e.GetProperty("message").GetString()).Distinct().Count();

    /// <summary>All that is stored now.</summary>
    public async Task<IReadOnlyList<JsonElement>> ReadAsync(CancellationToken cancellationToken)
    {
        var all = new List<JsonElement>();
        for (var query = "/events?type=log.entry&limit=500"; ;)
        {
            var page = await server.GetAsync(query, cancellationToken);
            all.AddRange(page.GetProperty("events").EnumerateArray().Where(e => e.GetProperty("message").GetString()!.StartsWith("order ", StringComparison.Ordinal)));
            if (page.GetProperty("next_cursor").GetString() is not { } cursor)
            {
                return all;
            }

            query = "/events?type=log.entry&limit=500&cursor=" + Uri.EscapeDataString(cursor);
        }
    }
}
