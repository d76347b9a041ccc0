using Culprit.Benchmarks.Exam.Text;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>Calls of databases, caches, providers and stores, with pools, waits, time-outs and retries.</summary>
internal sealed class ResourceCalls(Town town)
{
    /// <summary>What a cache holds was dear to compute: a miss costs its store so many plain queries.</summary>
    public const double MissWeight = 4;

    private const double PoolTimeoutMs = 3000;
    private const double SlowQueryMs = 500;

    /// <summary>Harmless: a connection that was dropped, and a second attempt that works.</summary>
    private const double TransientShare = 0.0004;

    private readonly Dice _dice = town.Dice;

    public CallOutcome Run(ServiceState caller, Instance instance, ResourceStep step, double at, Trace trace, string span)
    {
        for (var attempt = 0; ; attempt++)
        {
            var outcome = Attempt(caller, instance, step.Resource, step.Statement, step.TimeoutMs, step.IsWrite, 1, at, trace, span);
            var isAnswer = outcome.Failure is Failure.None or Failure.DiskFull or Failure.PoolEmpty;
            if (isAnswer || attempt >= step.Retries)
            {
                return outcome;
            }

            var backoff = 100 * Math.Pow(2, attempt) * _dice.Between(0.8, 1.2);
            town.Say(outcome.End, caller.Node, instance.Host, "WARN", "client",
                $"Attempt {attempt + 1} of {step.Statement} on {step.Resource.Name} failed, retrying in {backoff:0} ms: {Reason(caller, step.Resource, outcome.Failure, step.TimeoutMs)}", trace, span);
            at = outcome.End + backoff;
        }
    }

    public CallOutcome Run(ServiceState caller, Instance instance, CacheStep step, double at, Trace trace, string span)
    {
        var cache = town[step.Cache];
        var trouble = cache.TroubleAt(at);
        var isLost = trouble is not null && _dice.Chance(trouble.CacheLossShare);
        trouble?.Touch(at, isLost);
        var end = at + _dice.LogNormal(step.Cache.MedianMs, step.Cache.Sigma);
        if (isLost)
        {
            var failure = _dice.Chance(0.7) ? Failure.Refused : Failure.Timeout;
            end = at + (failure == Failure.Timeout ? 250 : 1);
            if (_dice.Chance(0.5))
            {
                town.Say(end, caller.Node, instance.Host, "WARN", "cache",
                    $"cache {step.Cache.Name} unavailable, reading from {step.Store.Name}: {Reason(caller, step.Cache, failure, 1000)}", trace, span);
            }
        }
        else if (_dice.Chance(step.HitShare))
        {
            return new CallOutcome(end, Failure.None, false);
        }
        else if (_dice.Chance(0.1))
        {
            town.Say(end, caller.Node, instance.Host, "WARN", "cache", $"cache miss for key {caller.Node.Noun}:{_dice.Next(100_000)}", trace, span);
        }

        return Attempt(caller, instance, step.Store, step.Statement, 3000, false, MissWeight, end, trace, span);
    }

    /// <summary>What the caller's client says of a failure.</summary>
    public static string Reason(ServiceState caller, ResourceNode resource, Failure failure, double timeoutMs)
    {
        var port = int.Parse(resource.Address.AsSpan(resource.Host.Length + 1), System.Globalization.CultureInfo.InvariantCulture);
        var ip = $"10.4.{resource.Name.Length}.{resource.Address.Length}";
        return FailureText.Reason(caller.Node.Style, failure, resource.Host, port, ip, (int)Math.Max(1, timeoutMs / 1000));
    }

    private CallOutcome Attempt(
        ServiceState caller, Instance instance, ResourceNode resource, string statement, double timeoutMs, bool isWrite, double weight,
        double at, Trace trace, string parent)
    {
        var span = _dice.Hex(16);
        var pool = resource.Kind == ResourceKind.Database ? caller.PoolOf(resource) : null;
        var start = at;
        if (pool is not null && !TryConnect(caller, pool, at, out start))
        {
            town.Pen.Span(at, start, caller.Node.Name, instance.Host, statement, trace, span, parent, "pool timeout");
            return new CallOutcome(start, Failure.PoolEmpty, false);
        }

        var (end, failure) = Serve(town[resource], start, timeoutMs, weight);
        if (failure == Failure.None && isWrite && caller.TroubleAt(start) is { DiskFullShare: > 0 } disk)
        {
            var isFull = caller.DiskPercent >= 99.5 && _dice.Chance(disk.DiskFullShare);
            disk.Touch(start, isFull);
            failure = isFull ? Failure.DiskFull : failure;
        }

        pool?.Hold(end);
        town.Pen.Span(at, end, caller.Node.Name, instance.Host, statement, trace, span, parent,
            failure == Failure.None ? null : Reason(caller, resource, failure, timeoutMs));
        if (failure == Failure.None && resource.Kind == ResourceKind.Database && end - start > SlowQueryMs && caller.Node.Index % 2 == 0)
        {
            town.Say(end, caller.Node, instance.Host, "WARN", "repository", $"slow query on {resource.Name}: {statement} took {end - start:0} ms", trace, span);
        }

        return new CallOutcome(end, failure, false);
    }

    private static bool TryConnect(ServiceState caller, SlotPool pool, double at, out double start)
    {
        var earliest = at;
        var trouble = caller.TroubleAt(at);
        if (trouble is { PoolEmptyShare: > 0 })
        {
            // A reaper gives abandoned connections back at the start of each minute; the leak takes them again.
            var inMinute = (at - trouble.FromMs) % 60_000;
            var emptyFrom = 60_000 * (1 - trouble.PoolEmptyShare);
            earliest = inMinute >= emptyFrom ? at + 60_000 - inMinute : at;
            trouble.Touch(at, earliest > at);
        }

        start = at + PoolTimeoutMs;
        return earliest - at <= PoolTimeoutMs && pool.TryTake(earliest, PoolTimeoutMs, out start);
    }

    private (double End, Failure Failure) Serve(ResourceState resource, double at, double timeoutMs, double weight)
    {
        var trouble = resource.TroubleAt(at);
        if (trouble is { RefuseShare: > 0 })
        {
            var isRefused = _dice.Chance(trouble.RefuseShare);
            trouble.Touch(at, isRefused);
            if (isRefused)
            {
                return (at + (trouble.CallFailure == Failure.Timeout ? timeoutMs : _dice.Between(1, 15)), trouble.CallFailure);
            }
        }

        if (_dice.Chance(TransientShare))
        {
            return (at + _dice.Between(1, 30), Failure.Reset);
        }

        var usual = _dice.LogNormal(resource.Node.MedianMs, resource.Node.Sigma) * Math.Sqrt(weight);
        var slowdown = trouble?.Slowdown ?? 1;
        if (slowdown > 1)
        {
            trouble!.TouchDelay(at, usual * (slowdown - 1), usual);
        }

        var duration = usual * slowdown * resource.LoadFactor(at, weight);
        if (!resource.Slots.TryTake(at, timeoutMs, out var start) || start + duration - at > timeoutMs)
        {
            return (at + timeoutMs, Failure.Timeout);
        }

        resource.Slots.Hold(start + duration);
        return (start + duration, Failure.None);
    }
}
