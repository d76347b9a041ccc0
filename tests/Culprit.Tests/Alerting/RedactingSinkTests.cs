using System.Text;
using System.Text.Json.Nodes;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Sinks;
using Culprit.Tests.Redaction;
using Xunit;

namespace Culprit.Tests.Alerting;

public class RedactingSinkTests
{
    [Fact]
    public async Task OfAThousandPlantedSecretsNoneReachesASink()
    {
        var left = new List<string>();
        foreach (var (secret, line) in PlantedSecrets.Take(1000))
        {
            var alert = Alert();
            alert["sample_messages"] = new JsonArray(line);
            alert["lines"] = new JsonArray(new JsonObject { ["at"] = "2026-03-01T00:00:00Z", ["text"] = line });
            alert["root_cause"] = "checkout says: " + line;
            var sent = await DeliverAsync(alert.ToJsonString());
            if (sent.Contains(secret, StringComparison.Ordinal))
            {
                left.Add(line);
            }
        }

        Assert.Empty(left);
    }

    [Fact]
    public async Task WhatIsOursAndWhatIsHarmlessStays()
    {
        var alert = Alert();
        alert["incident_id"] = "4111111111111111";
        alert["sample_messages"] = new JsonArray("anna@example.com at 203.0.113.9 gave up");
        var json = alert.ToJsonString();

        Assert.Equal(json, await DeliverAsync(json));
    }

    [Theory]
    [InlineData("no JSON: password=opensesame")]
    [InlineData("""{"id":"a","text":"\ud800 password=opensesame"}""")]
    [InlineData("""{"id":"a","text":"password=opensesame","text":"password=opensesame"}""")]
    public async Task WhatCannotBeReadIsMaskedAsText(string json)
    {
        var sent = await DeliverAsync(json);

        Assert.Contains("password=[secret-1]", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("opensesame", sent, StringComparison.Ordinal);
    }

    private static JsonObject Alert() => new() { ["id"] = "a", ["type"] = "alert.firing", ["incident_id"] = "i", ["severity"] = "high" };

    private static async Task<string> DeliverAsync(string json)
    {
        var sink = new ScriptedSink("chat", TimeProvider.System, _ => ScriptedSink.Delivered);

        await new RedactingSink(sink).DeliverAsync(new OutboxItem("a", "chat", "i", Encoding.UTF8.GetBytes(json), 0), TestContext.Current.CancellationToken);

        return Encoding.UTF8.GetString(Assert.Single(sink.Attempts).Alert.Json.Span);
    }
}
