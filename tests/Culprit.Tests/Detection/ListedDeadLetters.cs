using Culprit.Engine.Storage;

namespace Culprit.Tests.Detection;

/// <summary>Dead letters and tries that outlive the engine under test.</summary>
internal sealed class ListedDeadLetters : IDeadLetterStore
{
    private readonly Lock _gate = new();
    private readonly List<DeadLetter> _letters = [];
    private readonly Dictionary<long, int> _tries = [];

    public IReadOnlyList<DeadLetter> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _letters];
            }
        }
    }

    public Task<DeadLetter?> FindByIdAsync(string id, CancellationToken cancellationToken) => Task.FromResult(All.FirstOrDefault(l => l.Id == id));

    public Task<bool> DropAsync(string id, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult(_letters.RemoveAll(l => l.Id == id) > 0);
        }
    }

    public Task<IReadOnlyDictionary<long, int>> LoadPoisonAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyDictionary<long, int>>(new Dictionary<long, int>(_tries));
        }
    }

    public Task SavePoisonAsync(IReadOnlyList<PoisonTry> tries, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            foreach (var poison in tries)
            {
                _tries[poison.Sequence] = poison.Tries;
                if (poison.Letter is { } letter)
                {
                    _letters.Add(letter);
                }
            }
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<DeadLetter>> FindAsync(DeadLetterQuery query, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task DropRetriedAsync(string eventId, DateTimeOffset before, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> RetryAlertAsync(DeadLetter letter, CancellationToken cancellationToken) => throw new NotSupportedException();
}
