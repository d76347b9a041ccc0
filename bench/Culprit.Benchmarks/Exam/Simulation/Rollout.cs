using System.Globalization;
using Culprit.Benchmarks.Exam.Text;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>Deploys, restarts, crashes: instances that go and come, with the lines and changes this leaves.</summary>
internal sealed class Rollout(Town town, Agenda agenda, Dice dice)
{
    /// <summary>From a commit to its deploy.</summary>
    public const double CommitLeadMs = 240_000;

    private static readonly IReadOnlyList<(string Message, string Diff)> Harmless =
    [
        ("Tidy log wording of {noun} handler", "-    log.info(\"{noun} done\");\n+    log.info(\"{noun} handled\");"),
        ("Bump minor versions of build plugins", "-  plugin: 3.2.1\n+  plugin: 3.2.4"),
        ("Extract constant for {noun} page size", "-    return page(50);\n+    return page(PAGE_SIZE);"),
        ("Add unit tests for {noun} validation", "+  @Test void rejectsEmpty{noun}() { }"),
        ("Rename variable in {noun} list view", "-    var l = load();\n+    var items = load();"),
        ("Document {noun} endpoints", "+/// Returns one {noun}."),
    ];

    public string NewSha() => dice.Hex(40);

    public string PickAuthor() => dice.Pick(WorldNames.Authors);

    /// <summary>A deploy that changes nothing of note; the commit comes <see cref="CommitLeadMs"/> earlier.</summary>
    public void DeployHarmless(double at, ServiceNode service)
    {
        var (message, diff) = dice.Pick(Harmless);
        Deploy(at, service, NewSha(), message.Replace("{noun}", service.Noun, StringComparison.Ordinal), "src/" + service.Noun + "/view.txt",
            diff.Replace("{noun}", service.Noun, StringComparison.Ordinal));
    }

    /// <summary>A commit some minutes before, then instance by instance the new version.</summary>
    public void Deploy(double at, ServiceNode service, string sha, string message, string file, string diff)
    {
        var author = PickAuthor();
        var state = town[service];
        agenda.Add(at - CommitLeadMs, now => town.Pen.Change(
            now, "commit", null, ("sha", sha), ("author", author), ("message", message), ("files_changed", file), ("diff", diff)));
        agenda.Add(at, now =>
        {
            var parts = state.Version.Split('.');
            state.Version = $"{parts[0]}.{int.Parse(parts[1], CultureInfo.InvariantCulture) + 1}.0";
            town.Pen.Change(now, "deploy", service.Name, ("sha", sha), ("author", author), ("version", state.Version), ("message", $"Deploy {service.Name} {state.Version}: {message}"));
            Restart(now, state, 4000);
        });
    }

    /// <summary>A flag or configuration value set for a service.</summary>
    public void Set(double at, ServiceNode service, string kind, string id, string message) =>
        agenda.Add(at, now => town.Pen.Change(now, kind, service.Name, ("change_id", id), ("author", PickAuthor()), ("message", message)));

    /// <summary>Instance after instance; a single one is replaced before it stops.</summary>
    public void Restart(double at, ServiceState state, double pauseMs)
    {
        foreach (var instance in state.Instances.ToList())
        {
            var down = dice.Between(4000, 9000);
            agenda.Add(at, now =>
            {
                town.Say(now, state.Node, instance.Host, "INFO", "main", Wording.Shutdown(state.Node));
                Start(now + down, state, instance, down / 1000);
                instance.StartedAt = now + down;
                instance.WarmAt = now + down + 25_000;
                if (state.Instances.Count > 1)
                {
                    instance.Stop(now, now + down, 0, 25_000);
                }
            });
            at += down + pauseMs;
        }
    }

    /// <summary>An instance dies without a word of its own; calls reach it until the balancer has noticed.</summary>
    public void Kill(double at, ServiceState state, Instance instance, double downMs, bool isRestarted) =>
        agenda.Add(at, now =>
        {
            instance.Stop(now, isRestarted ? now + downMs : double.MaxValue, Math.Min(6000, downMs), 20_000);
            if (isRestarted)
            {
                Start(now + downMs, state, instance, downMs / 1000);
            }
        });

    private void Start(double at, ServiceState state, Instance instance, double seconds) => agenda.Add(at, now =>
    {
        town.Say(now - 900, state.Node, instance.Host, "INFO", "config", $"loaded configuration from /etc/{state.Node.Noun}/config, profile production");
        town.Say(now, state.Node, instance.Host, "INFO", "main", Wording.Startup(state.Node, state.Version, seconds));
        if (dice.Chance(0.4))
        {
            town.Say(now + 1500, state.Node, instance.Host, "WARN", "cache", "local cache is cold, first requests will be slower");
        }
    });
}
