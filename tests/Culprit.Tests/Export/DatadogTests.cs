using System.Text.Json;
using Culprit.Server.Configuration;
using Culprit.Server.Export.Datadog;
using Culprit.Tests.Support;

namespace Culprit.Tests.Export;

public sealed class DatadogTests
{
    private const int MaxSentBytes = 512_000;

    [Theory]
    [InlineData("environment", "production", "env:production")]
    [InlineData("service", "Payment Service", "service:payment_service")]
    [InlineData("service", "a,b|c#d\n", "service:a_b_c_d_")]
    [InlineData("service", "größe/1.2-x:y", "service:größe/1.2-x:y")]
    [InlineData("service", "x😀", "service:x_")]
    public void TagsHaveOnlyWhatDatadogKeeps(string label, string value, string expected) =>
        Assert.Equal(expected, DatadogTag.Of(label, value));

    [Fact]
    public void ATagHasAtMost200Characters() => Assert.Equal(200, DatadogTag.Of("service", new string('x', 1000)).Length);

    [Fact]
    public void ManySeriesAreSplitSoThatEachBodyFitsWhateverItCompressesTo()
    {
        var random = new Random(7);
        var samples = Enumerable.Range(0, 8000).Select(i => new DatadogSample(
            "culprit.records", true, null, ["service:" + Convert.ToHexStringLower(Bytes(random, 60)), "level:info"], i)).ToList();

        var bodies = DatadogSeries.Write(samples, Some.Noon, TimeSpan.FromSeconds(15), "host").ToList();

        Assert.True(bodies.Count > 1);
        Assert.All(bodies, b => Assert.InRange(b.Length, 1, DatadogSeries.MaxPlainBytes));
        Assert.All(bodies, b => Assert.InRange(DatadogSeries.Compress(b).Length, 1, MaxSentBytes));
        var values = bodies.SelectMany(b => JsonDocument.Parse(b).RootElement.GetProperty("series").EnumerateArray())
            .Select(s => s.GetProperty("points")[0].GetProperty("value").GetDouble());
        Assert.Equal(samples.Select(s => s.Value), values);
    }

    [Fact]
    public void EvenWhatCannotBeCompressedFits()
    {
        var random = new Random(7);

        Assert.InRange(DatadogSeries.Compress(Bytes(random, DatadogSeries.MaxPlainBytes)).Length, 1, MaxSentBytes);
    }

    [Fact]
    public void NothingToSendIsNoBody() => Assert.Empty(DatadogSeries.Write([], Some.Noon, TimeSpan.FromSeconds(15), "host"));

    [Theory]
    [InlineData("low", "warning")]
    [InlineData("high", "error")]
    public void AnOldIncidentWithManyServicesAndLongNamesStillFits(string severity, string alertType)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new
        {
            type = "incident.opened",
            timestamp = Some.Noon.AddDays(-3),
            incident_id = new string('i', 300),
            environment = new string('e', 128),
            severity,
            anomaly_type = "error_spike",
            services = Enumerable.Range(0, 1000).Select(i => $"%%%@{i}" + new string('s', 120)),
            error_count = 5,
            started_at = "2026-11-20T12:00:00Z",
        });

        var sent = JsonDocument.Parse(DatadogEvent.Write(json, Some.Noon, "host")).RootElement;

        Assert.Equal(alertType, sent.GetProperty("alert_type").GetString());
        Assert.InRange(sent.GetProperty("title").GetString()!.Length, 1, 100);
        Assert.InRange(sent.GetProperty("aggregation_key").GetString()!.Length, 1, 100);
        Assert.InRange(sent.GetProperty("text").GetString()!.Length, 1, 4000);
        Assert.DoesNotContain("%%%", sent.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain('@', sent.GetProperty("text").GetString()!);
        Assert.InRange(sent.GetProperty("tags").GetArrayLength(), 1, 25);
        Assert.True(sent.GetProperty("date_happened").GetInt64() > Some.Noon.AddHours(-18).ToUnixTimeSeconds());
    }

    [Theory]
    [InlineData("datadoghq.eu", "https://api.datadoghq.eu/")]
    [InlineData("https://relay.example:8443", "https://relay.example:8443/")]
    [InlineData("http://127.0.0.1:9", "http://127.0.0.1:9/")]
    public void ASiteIsAHostOrAFullAddress(string site, string address) =>
        Assert.Equal(address, new DatadogSection { Site = site }.Address!.AbsoluteUri);

    [Theory]
    [InlineData("localhost")]
    [InlineData("")]
    [InlineData("http://relay.example")]
    [InlineData("ftp://relay.example")]
    [InlineData("https://relay.example/path")]
    [InlineData("data dog.eu")]
    public void AnotherSiteIsAMistake(string site)
    {
        var mistakes = new CulpritOptions { Datadog = { Site = site } }.Mistakes();

        Assert.Contains("datadog:site", Assert.Single(mistakes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("secret with a space in it")]
    [InlineData("secret\r\nX-Header: 1")]
    public void AKeyThatIsNoneIsAMistakeThatDoesNotShowIt(string key)
    {
        var mistakes = new CulpritOptions { Datadog = { ApiKey = key } }.Mistakes();

        Assert.DoesNotContain(key, Assert.Single(mistakes), StringComparison.Ordinal);
    }

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
