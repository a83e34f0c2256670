namespace VizPipeline.Network.Graph;

/// <summary>Makes names unique: the second use of a name gets <c>#2</c>, the third <c>#3</c>.</summary>
internal sealed class UniqueNames(params IEnumerable<string> taken)
{
    private readonly HashSet<string> _taken = [.. taken];
    private readonly Dictionary<string, int> _uses = [];

    /// <summary>Returns the name, or the name with the next free number.</summary>
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
