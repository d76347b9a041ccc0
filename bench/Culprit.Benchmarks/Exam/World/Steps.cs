namespace Culprit.Benchmarks.Exam.World;

/// <summary>One thing that an operation does after part of its own work.</summary>
/// <param name="Probability">Share of the calls that do it.</param>
internal abstract record Step(double Probability);

/// <summary>A call of another service.</summary>
/// <param name="IsOptional">Its failure is answered with a fallback and a warning.</param>
internal sealed record ServiceStep(
    ServiceNode Callee, Operation Operation, double Probability, double TimeoutMs, int Retries, bool IsOptional) : Step(Probability);

/// <summary>A call of a database, provider or store.</summary>
internal sealed record ResourceStep(
    ResourceNode Resource, string Statement, double Probability, double TimeoutMs, int Retries, bool IsWrite) : Step(Probability);

/// <summary>A look into a cache; what it does not hold is fetched from the store behind it.</summary>
internal sealed record CacheStep(
    ResourceNode Cache, ResourceNode Store, string Statement, double Probability, double HitShare) : Step(Probability);

/// <summary>A message handed to a queue.</summary>
internal sealed record PublishStep(QueueNode Queue, double Probability) : Step(Probability);
