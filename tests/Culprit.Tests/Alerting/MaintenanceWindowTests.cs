using System.Globalization;
using Culprit.Engine.Alerting;
using Culprit.Server.Alerting.Setup;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class MaintenanceWindowTests
{
    /// <remarks>Berlin sets its clocks on 2026-03-29 from 02:00 to 03:00 and on 2026-10-25 from 03:00 to 02:00; New York on 2026-11-01 from 02:00 to 01:00.</remarks>
    [Theory]
    [InlineData("mon 22:00 2h Europe/Berlin", "2026-11-30T21:00:00Z", "2026-11-30T23:00:00Z")]
    [InlineData("mon 22:00 2h Europe/Berlin", "2026-11-30T20:59:59Z", null)]
    [InlineData("mon 22:00 2h Europe/Berlin", "2026-11-30T23:00:00Z", null)]
    [InlineData("mon 22:00 2h Europe/Berlin", "2026-07-27T20:00:00Z", "2026-07-27T22:00:00Z")]
    [InlineData("mon 22:00 2h Europe/Berlin", "2026-12-01T21:30:00Z", null)]
    [InlineData("mon 23:00 4h Europe/Berlin", "2026-12-01T01:59:59Z", "2026-12-01T02:00:00Z")]
    [InlineData("sat 12:00 3d UTC", "2026-12-01T11:00:00Z", "2026-12-01T12:00:00Z")]
    [InlineData("sun 00:00 7d UTC", "2026-12-01T11:00:00Z", "2026-12-06T00:00:00Z")]
    [InlineData("daily 23:30 1h America/New_York", "2026-12-02T05:00:00Z", "2026-12-02T05:30:00Z")]
    [InlineData("mon,tue 10:00 20h UTC", "2026-12-01T11:00:00Z", "2026-12-02T06:00:00Z")]
    [InlineData("sun 01:00 3h Europe/Berlin", "2026-03-29T02:59:59Z", "2026-03-29T03:00:00Z")]
    [InlineData("sun 02:30 1h Europe/Berlin", "2026-03-29T00:59:59Z", null)]
    [InlineData("sun 02:30 1h Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z")]
    [InlineData("sun 02:30 1h Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")]
    [InlineData("sun 02:30 1h Europe/Berlin", "2026-10-25T01:30:00Z", null)]
    [InlineData("sun 01:00 3h Europe/Berlin", "2026-10-25T01:59:59Z", "2026-10-25T02:00:00Z")]
    [InlineData("sun 01:30 30m America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z")]
    [InlineData("sun 01:30 30m America/New_York", "2026-11-01T06:30:00Z", null)]
    [InlineData("2026-12-01T22:00:00+01:00 2026-12-02T02:00:00+01:00", "2026-12-01T21:00:00Z", "2026-12-02T01:00:00Z")]
    [InlineData("2026-12-01T22:00:00+01:00 2026-12-02T02:00:00+01:00", "2026-12-02T01:00:00Z", null)]
    public void AWindowIsOpenByTheClockOnTheWall(string window, string now, string? end)
    {
        var (read, mistakes) = Read(window);

        Assert.Empty(mistakes);
        Assert.Equal(end is null ? null : Time(end), Assert.Single(read).EndAt(Time(now)));
    }

    [Fact]
    public void AnAlertIsHeldUntilTheWindowThatClosesLastCloses()
    {
        var windows = Read("mon 22:00 2h UTC").Windows.Concat(Read("mon 21:00 4h UTC").Windows).ToList();
        var now = Time("2026-11-30T22:30:00Z");
        var question = new AlertQuestion(SomeAlert.Firing, "pager", now) { Deliveries = [], Maintenance = windows };

        Assert.Equal(AlertVerdict.Hold(Time("2026-12-01T01:00:00Z"), "maintenance: work"), AlertPolicy.Judge(question));
        Assert.Equal(AlertVerdict.Send, AlertPolicy.Judge(question with { Alert = SomeAlert.Firing with { Environment = "stage" } }));
        Assert.Equal(AlertVerdict.Send, AlertPolicy.Judge(question with { Now = now.AddHours(3) }));
    }

    [Theory]
    [InlineData("name", "", "alerts:maintenance:0:name: '' is not allowed; use 1 to 100 characters.")]
    [InlineData("time", "25:00", "alerts:maintenance:0:time: '25:00' is not allowed; use a time of day such as \"22:30\", in quotes.")]
    [InlineData("duration", "8d", "alerts:maintenance:0:duration: '8d' is not allowed; use 1m to 7d, such as 90m or 2h.")]
    [InlineData("zone", "Europe/Atlantis", "alerts:maintenance:0:zone: 'Europe/Atlantis' is not allowed; use a name of the IANA time zone data base")]
    [InlineData("days:0", "monday", "alerts:maintenance:0:days: 'monday' is not allowed; use mon, tue")]
    [InlineData("startsAt", "2026-12-01T22:00:00Z", "alerts:maintenance:0: give either startsAt and endsAt, or days, time and duration.")]
    [InlineData("service", "x", "alerts:maintenance:0:service: unknown key; known are name, minSeverity")]
    public void AMistakeNamesKeyValueAndWhatIsAllowed(string key, string value, string mistake)
    {
        var values = Values("mon 22:00 2h UTC");
        values["alerts:maintenance:0:" + key] = value;

        Assert.Contains(Read(values).Mistakes, m => m.StartsWith(mistake, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("2026-12-01T22:00:00 2026-12-02T02:00:00Z", "alerts:maintenance:0:startsAt: '2026-12-01T22:00:00' is not allowed; use an ISO 8601 time with its offset")]
    [InlineData("2026-12-01T22:00:00Z 2026-12-01T22:00:00Z", "alerts:maintenance:0:endsAt: '2026-12-01T22:00:00Z' is not allowed; use a time after startsAt.")]
    public void TimesHaveAnOffsetAndAnOrder(string window, string mistake) =>
        Assert.StartsWith(mistake, Assert.Single(Read(window).Mistakes), StringComparison.Ordinal);

    private static (IReadOnlyList<MaintenanceWindow> Windows, IReadOnlyList<string> Mistakes) Read(string window) => Read(Values(window));

    private static (IReadOnlyList<MaintenanceWindow> Windows, IReadOnlyList<string> Mistakes) Read(Dictionary<string, string?> values)
    {
        var settings = AlertSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build().GetSection("alerts"));
        return (settings.Maintenance, settings.Mistakes);
    }

    private static Dictionary<string, string?> Values(string window)
    {
        var words = window.Split(' ');
        var values = new Dictionary<string, string?> { ["name"] = "work", ["environments:0"] = "prod" };
        if (words.Length == 2)
        {
            (values["startsAt"], values["endsAt"]) = (words[0], words[1]);
        }
        else
        {
            (values["time"], values["duration"], values["zone"]) = (words[1], words[2], words[3]);
            foreach (var (day, i) in words[0].Split(',').Select((d, i) => (d, i)))
            {
                values["days:" + i] = day;
            }
        }

        return values.ToDictionary(v => "alerts:maintenance:0:" + v.Key, v => v.Value);
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
