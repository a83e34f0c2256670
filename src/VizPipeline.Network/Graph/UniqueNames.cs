namespace VizPipeline.Network.Graph;

/// <summary>Names of which each is given once: a second use gets <c>#2</c>, a third <c>#3</c>.</summary>
internal sealed class UniqueNames(params IEnumerable<string> taken)
{
    private readonly HashSet<string> _taken = [.. taken];
    private readonly Dictionary<string, int> _uses = [];

    /// <summary>The name, or the name with the next free number.</summary>
    public string Add(string name)
    {
        var unique = name;
        while (!_taken.Add(unique))
        {
            var use = _uses.GetValueOrDefault(name, 1) + 1;
            _uses[name] = use;
            unique = $"{name}#{use}";
        }
        return unique;
    }
}
