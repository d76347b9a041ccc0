using System.Globalization;
using System.Text;
using Culprit.IntegrationTests.Support;
using Xunit;

namespace Culprit.IntegrationTests.Http;

/// <summary>Three minutes of records that end a minute before now; in their last 55 seconds ledger panics every second.</summary>
internal static class StoredTrouble
{
    /// <summary>Stores it.</summary>
    public static async Task PublishAsync(HttpFace face)
    {
        var lines = new StringBuilder();
        for (var second = -240; second < -60; second++)
        {
            var at = HttpFace.Now.AddSeconds(second).ToString("O", CultureInfo.InvariantCulture);
            lines.Append(CultureInfo.InvariantCulture, $$"""{"service":"web","level":"info","message":"page served","timestamp":"{{at}}"}""").Append('\n');
            if (second >= -115)
            {
                lines.Append(CultureInfo.InvariantCulture, $$"""{"service":"ledger","level":"error","message":"panic: index out of range","timestamp":"{{at}}"}""").Append('\n');
            }
        }

        Assert.Equal(200, (await face.PostAsync(lines.ToString(), "application/x-ndjson")).Status);
    }
}
