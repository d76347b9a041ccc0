using Culprit.Benchmarks.Exam.Text;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>Calls of services: a call is simulated whole, with everything it calls, when it begins.</summary>
internal sealed class ServiceCalls(Town town, ResourceCalls resources, Action<double, QueueNode, Trace> publish)
{
    private const double ThreadWaitMs = 3000;

    private readonly Dice _dice = town.Dice;

    /// <param name="caller">Null for a request from outside, a message or a job.</param>
    /// <param name="parent">Span of the caller; empty for the first of a trace.</param>
    public CallOutcome Serve(ServiceState? caller, ServiceState service, Operation operation, double at, Trace trace, string parent)
    {
        var trouble = service.TroubleAt(at);
        var arrival = at + _dice.LogNormal(0.4, 0.5);
        if (caller is not null && trouble is not null && Obstruct(caller, trouble, operation, ref arrival) is { } obstructed)
        {
            return obstructed;
        }

        var instance = service.Choose(arrival, _dice);
        var isDown = instance is null || instance.IsDown(arrival);
        if (trouble is { IsKilled: true })
        {
            trouble.Touch(arrival, isDown);
        }

        if (instance is null || isDown)
        {
            return new CallOutcome(arrival + 1, Failure.Refused, false);
        }

        if (trouble is { HangShare: > 0 })
        {
            var isHung = service.Instances.IndexOf(instance) < Math.Ceiling((trouble.HangShare * service.Instances.Count) - 0.001)
                && _dice.Chance(trouble.HangShare >= 1 ? 1 : trouble.HangShare * service.Instances.Count / Math.Ceiling(trouble.HangShare * service.Instances.Count));
            trouble.Touch(arrival, isHung);
            if (isHung)
            {
                return new CallOutcome(CallOutcome.Never, Failure.Timeout, false);
            }
        }

        var span = _dice.Hex(16);
        if (!service.Threads.TryTake(arrival, ThreadWaitMs, out var now))
        {
            town.Say(now, service.Node, instance.Host, "WARN", "server", $"request queue full, rejecting {operation.Name}", trace, span);
            return new CallOutcome(arrival + ThreadWaitMs, Failure.Overloaded, false);
        }

        var outcome = Work(service, instance, operation, trouble, now, trace, span);
        service.Threads.Hold(outcome.End);
        town.Pen.Span(arrival, outcome.End, service.Node.Name, instance.Host, operation.Name, trace, span, parent,
            outcome.Failure is Failure.None or Failure.Invalid ? null : $"{Status(outcome.Failure)}");
        Count(service, outcome, arrival);

        // The caller hears that the call failed, not of what.
        return outcome.Failure is Failure.None or Failure.Invalid ? outcome : outcome with { Failure = Failure.ServerError };
    }

    /// <summary>What the network between two services does to a call; null when it arrives.</summary>
    private CallOutcome? Obstruct(ServiceState caller, Trouble trouble, Operation operation, ref double arrival)
    {
        if (trouble.OnlyCaller is { } only && only != caller.Node)
        {
            return null;
        }

        if (trouble.DelayMs > 0)
        {
            var delay = _dice.LogNormal(trouble.DelayMs, 0.15);
            trouble.TouchDelay(arrival, delay, operation.UsualMs);
            arrival += delay;
        }

        if (trouble.LossShare > 0)
        {
            // Three round trips a call; what is lost is sent again after 200 ms, 400 ms, …
            double lost = 0;
            for (var packet = 0; packet < 3; packet++)
            {
                for (var wait = 200.0; _dice.Chance(trouble.LossShare) && wait < 4000; wait *= 2)
                {
                    lost += wait;
                }
            }

            trouble.TouchDelay(arrival, lost, operation.UsualMs);
            arrival += lost;
            if (lost > 3000)
            {
                return new CallOutcome(arrival, Failure.Reset, false);
            }
        }

        if (trouble.RefuseShare > 0)
        {
            var isRefused = _dice.Chance(trouble.RefuseShare);
            trouble.Touch(arrival, isRefused);
            if (isRefused)
            {
                return new CallOutcome(arrival + 5, trouble.CallFailure, false);
            }
        }

        return null;
    }

    private CallOutcome Work(ServiceState service, Instance instance, Operation operation, Trouble? trouble, double now, Trace trace, string span)
    {
        var begin = now;
        var usual = _dice.LogNormal(operation.SelfMs, operation.Sigma);
        var own = usual * service.Slowness(instance, now);
        if (trouble is not null)
        {
            own = Burden(service, operation, trouble, usual, own, ref now);
        }

        now += own / 2;
        if (_dice.Chance(operation.InvalidShare))
        {
            town.Say(now, service.Node, instance.Host, _dice.Chance(0.3) ? "WARN" : "INFO", "validator",
                $"rejected {operation.Name}: field '{service.Node.Noun}_id' must match ^[0-9]+$", trace, span);
            return Finish(service, instance, operation, begin, now, Failure.Invalid, false, trace, span);
        }

        if (trouble is { ErrorShare: > 0 })
        {
            var fails = _dice.Chance(trouble.ErrorShare);
            trouble.Touch(begin, fails);
            if (fails)
            {
                town.Say(now, service.Node, instance.Host, "ERROR", "controller",
                    $"Unhandled exception in {operation.Name}: " + FailureText.Exception(service.Node.Style, service.Node.Noun, "toState", 57), trace, span);
                return Finish(service, instance, operation, begin, now, Failure.Exception, false, trace, span);
            }
        }

        if (trouble is { DropShare: > 0 })
        {
            var drops = _dice.Chance(trouble.DropShare);
            trouble.Touch(begin, drops);
            if (drops)
            {
                return new CallOutcome(now, Failure.None, false);
            }
        }

        var failure = RunSteps(service, instance, operation, trouble, ref now, trace, span);
        now += own / 2;
        if (failure == Failure.None && _dice.Chance(service.Node.DetailShare))
        {
            town.Say(now - (own / 4), service.Node, instance.Host, "INFO", "handler", Wording.Detail(operation, _dice), trace, span);
        }

        var isWrong = failure == Failure.None && trouble is { WrongShare: > 0 } && _dice.Chance(trouble.WrongShare);
        if (trouble is { WrongShare: > 0 })
        {
            trouble.Touch(begin, isWrong);
        }

        return Finish(service, instance, operation, begin, now, failure, isWrong, trace, span);
    }

    /// <summary>What the fault adds to the service's own work.</summary>
    private double Burden(ServiceState service, Operation operation, Trouble trouble, double usual, double own, ref double now)
    {
        if (trouble.Slowdown > 1 || trouble.PauseShare > 0)
        {
            own = (own * trouble.Slowdown) + (_dice.Chance(trouble.PauseShare) ? 100 * _dice.Between(0.3, 1 + (trouble.Slowdown / 4)) : 0);
            trouble.TouchDelay(now, own - usual, operation.UsualMs);
        }

        if (trouble.LeakPerMinute > 0)
        {
            trouble.TouchDelay(now, own - usual, operation.UsualMs);
        }

        if (trouble.LockMs > 0)
        {
            var asked = now;
            if (service.Lock.TryTake(now, 20_000, out var locked))
            {
                now = locked + _dice.LogNormal(trouble.LockMs, 0.3);
                service.Lock.Hold(now);
            }
            else
            {
                now += 20_000;
            }

            trouble.TouchDelay(asked, now - asked, operation.UsualMs);
        }

        return own;
    }

    private Failure RunSteps(ServiceState service, Instance instance, Operation operation, Trouble? trouble, ref double now, Trace trace, string span)
    {
        foreach (var step in operation.Steps)
        {
            if (!_dice.Chance(step.Probability))
            {
                continue;
            }

            var repeats = trouble is { FanOut: > 1 } && step is not PublishStep ? trouble.FanOut : 1;
            var asked = now;
            for (var i = 0; i < repeats; i++)
            {
                var outcome = step switch
                {
                    ServiceStep call => CallService(service, instance, call, trouble, now, trace, span),
                    ResourceStep call => resources.Run(service, instance, call, now, trace, span),
                    CacheStep cache => resources.Run(service, instance, cache, now, trace, span),
                    PublishStep message => Publish(message, now, trace),
                    _ => throw new System.Diagnostics.UnreachableException(),
                };
                now = outcome.End;
                if (outcome.Failure == Failure.Invalid)
                {
                    return Failure.Invalid;
                }

                if (outcome.Failure != Failure.None)
                {
                    if (step is ServiceStep { IsOptional: true } optional)
                    {
                        town.Say(now, service.Node, instance.Host, "WARN", "client", $"{optional.Callee.Name} gave {(outcome.Failure == Failure.BadAnswer ? "an unusable" : "no")} answer, using defaults", trace, span);
                        break;
                    }

                    Complain(service, instance, operation, step, outcome.Failure, now, trace, span);
                    return outcome.Failure;
                }
            }

            if (repeats > 1)
            {
                trouble!.TouchDelay(asked, (now - asked) * (repeats - 1) / repeats, operation.UsualMs);
            }
        }

        return Failure.None;
    }

    private CallOutcome CallService(ServiceState service, Instance instance, ServiceStep step, Trouble? trouble, double at, Trace trace, string parent)
    {
        var timeout = step.TimeoutMs * (trouble?.TimeoutFactor ?? 1);
        for (var attempt = 0; ; attempt++)
        {
            var span = _dice.Hex(16);
            var outcome = Serve(service, town[step.Callee], step.Operation, at, trace, span);
            var failure = outcome.Failure;
            var end = outcome.End;
            if (end - at > timeout)
            {
                failure = Failure.Timeout;
                end = at + timeout;
            }

            if (trouble is { TimeoutFactor: < 1 })
            {
                trouble.Touch(at, failure == Failure.Timeout);
            }

            var reason = failure is Failure.None or Failure.Invalid ? null : Reason(service, step.Callee, failure, timeout);
            town.Pen.Span(at, end, service.Node.Name, instance.Host, "call " + step.Operation.Name, trace, span, parent, reason);
            if (failure == Failure.None && outcome.IsWrong && _dice.Chance(0.9))
            {
                return new CallOutcome(end, Failure.BadAnswer, false);
            }

            var isTransient = failure is Failure.Timeout or Failure.Refused or Failure.Reset or Failure.Overloaded or Failure.NameResolution;
            if (!isTransient || attempt >= step.Retries)
            {
                return new CallOutcome(end, failure, outcome.IsWrong);
            }

            var backoff = 50 * Math.Pow(2, attempt) * _dice.Between(0.8, 1.2);
            town.Say(end, service.Node, instance.Host, "WARN", "client",
                $"Call {attempt + 1} of {step.Callee.Name} failed, retrying in {backoff:0} ms: {reason}", trace, parent);
            at = end + backoff;
        }
    }

    private CallOutcome Publish(PublishStep step, double at, Trace trace)
    {
        publish(at + _dice.Between(2, 30), step.Queue, trace);
        return new CallOutcome(at + _dice.Between(0.5, 3), Failure.None, false);
    }

    private void Complain(ServiceState service, Instance instance, Operation operation, Step step, Failure failure, double at, Trace trace, string span)
    {
        var text = (step, failure) switch
        {
            (ServiceStep call, Failure.BadAnswer) =>
                $"{operation.Name} failed: {call.Callee.Name} returned {call.Callee.Noun} with negative amount {-1 - _dice.Next(900)}, expected a positive value",
            (ServiceStep call, _) => $"{operation.Name} failed: call of {call.Callee.Name} ({call.Operation.Name}): {Reason(service, call.Callee, failure, call.TimeoutMs)}",
            (ResourceStep call, Failure.DiskFull) => $"{operation.Name} failed: could not write /var/lib/{service.Node.Noun}/data for {call.Statement}: No space left on device",
            (ResourceStep call, _) => $"{operation.Name} failed: {call.Statement} on {call.Resource.Name}: {ResourceCalls.Reason(service, call.Resource, failure, call.TimeoutMs)}",
            (CacheStep cache, _) => $"{operation.Name} failed: {cache.Statement} on {cache.Store.Name}: {ResourceCalls.Reason(service, cache.Store, failure, 3000)}",
            _ => $"{operation.Name} failed",
        };
        town.Say(at, service.Node, instance.Host, "ERROR", "controller", text, trace, span);
    }

    private CallOutcome Finish(
        ServiceState service, Instance instance, Operation operation, double begin, double end, Failure failure, bool isWrong, Trace trace, string span)
    {
        var isFailure = failure is not (Failure.None or Failure.Invalid);
        if (isFailure || _dice.Chance(service.Node.AccessShare))
        {
            var isGateway = service.Node.Tier == Tier.Gateway;
            var level = isFailure && isGateway ? "ERROR" : isFailure ? "WARN" : "INFO";
            town.Say(end, service.Node, instance.Host, level, "access",
                Wording.Access(service.Node, operation, Status(failure), end - begin, _dice.Next(1_000_000)), trace, span);
        }

        return new CallOutcome(end, failure, isWrong);
    }

    private static void Count(ServiceState service, CallOutcome outcome, double arrival)
    {
        service.Counts.Calls++;
        service.Counts.Failures += outcome.Failure is Failure.None or Failure.Invalid ? 0 : 1;
        service.Counts.DurationsMs.Add(outcome.End - arrival);
    }

    private static int Status(Failure failure) => failure switch
    {
        Failure.None => 200,
        Failure.Invalid => 400,
        Failure.Timeout => 504,
        Failure.Overloaded or Failure.PoolEmpty => 503,
        Failure.Exception or Failure.DiskFull or Failure.BadAnswer => 500,
        _ => 502,
    };

    private static string Reason(ServiceState service, ServiceNode callee, Failure failure, double timeoutMs) =>
        FailureText.Reason(service.Node.Style, failure, callee.Name, 8080, $"10.2.{callee.Index}.14", (int)Math.Max(1, timeoutMs / 1000));
}
