using System.Text.Json;
using System.Text.RegularExpressions;

namespace VizPipeline.Images;

/// <summary>One class of a network.</summary>
/// <param name="Index">The output unit, from 0.</param>
/// <param name="Synset">WordNet id such as <c>n01440764</c>; null if the list has none.</param>
/// <param name="Name">Display name, for example "tench". Not unique: ImageNet has two cranes.</param>
public sealed record ClassName(int Index, string? Synset, string Name);

/// <summary>
/// The names of a network's outputs: a JSON list of <c>{"index", "synset", "name"}</c>, or one class a line in the order of the outputs,
/// <c>n01440764 tench, Tinca tinca</c> or just <c>tench</c>.
/// </summary>
public sealed partial class ClassNames
{
    private readonly Dictionary<int, ClassName> _byIndex = [];
    private readonly Dictionary<string, ClassName> _bySynset = [];
    private readonly Dictionary<string, ClassName> _byName = [];
    private HashSet<string>? _namesakes;

    /// <summary>Creates a list of classes; if two share a name, the name refers to the first.</summary>
    /// <exception cref="ArgumentException">Two classes share an index or a synset.</exception>
    public ClassNames(IEnumerable<ClassName> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        foreach (var item in classes)
        {
            if (!_byIndex.TryAdd(item.Index, item))
                throw new ArgumentException($"index {item.Index} is both '{_byIndex[item.Index].Name}' and '{item.Name}'", nameof(classes));
            if (item.Synset is { } synset && !_bySynset.TryAdd(synset, item))
                throw new ArgumentException($"synset {synset} is both '{_bySynset[synset].Name}' and '{item.Name}'", nameof(classes));
            _byName.TryAdd(item.Name, item);
        }
        All = [.. _byIndex.Values.OrderBy(item => item.Index)];
        Labels = [.. Enumerable.Range(0, All.Count == 0 ? 0 : All[^1].Index + 1).Select(Label)];
        foreach (var item in All)
            _byName.TryAdd(Labels[item.Index], item);
    }

    /// <summary>The classes in order of their index.</summary>
    public IReadOnlyList<ClassName> All { get; }

    /// <summary>
    /// The names by index, each of them unique: of two cranes one is <c>crane (n02012849)</c>. An index that the list leaves out is called
    /// <c>class 3</c>.
    /// </summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The class of an output unit; null if the list has none.</summary>
    public ClassName? this[int index] => _byIndex.GetValueOrDefault(index);

    /// <summary>The class of a synset; null if the list has none.</summary>
    public ClassName? this[string synset] => _bySynset.GetValueOrDefault(synset);

    /// <summary>
    /// Finds the class of a label: a synset, else a name, else an index in digits, else a name before the first comma (one list has "tench,
    /// Tinca tinca" where another has "tench"); null if there is no such class.
    /// </summary>
    public ClassName? Find(string label)
    {
        ArgumentNullException.ThrowIfNull(label);
        return this[label] ?? _byName.GetValueOrDefault(label) ?? (int.TryParse(label, out var index) ? this[index] : null)
            ?? (label.IndexOf(',') is var comma and > 0 ? _byName.GetValueOrDefault(label[..comma]) : null);
    }

    /// <summary>Reads a list of classes.</summary>
    /// <exception cref="ImageSetException">The file is missing, empty or invalid; the message names it.</exception>
    public static ClassNames Load(string file)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        var text = SetFiles.ReadText(file, "class list");
        try
        {
            ClassName[] classes = text.TrimStart().StartsWith('[') ? FromJson(text) : [.. FromLines(text)];
            return classes.Length > 0 ? new(classes) : throw new ImageSetException($"class list {file} is empty");
        }
        catch (JsonException error)
        {
            throw new ImageSetException(
                $"class list {file} cannot be used: there is no list of {{\"index\", \"synset\", \"name\"}} at {JsonFaults.Locate(error)}");
        }
        catch (ArgumentException error)
        {
            throw new ImageSetException($"class list {file} cannot be used: {WithoutParameter(error)}");
        }
    }

    // .NET appends the name of the parameter.
    private static string WithoutParameter(ArgumentException error) =>
        error.ParamName is { } name ? error.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : error.Message;

    private string Label(int index)
    {
        if (this[index] is not { } item)
            return $"class {index}";
        _namesakes ??= All.CountBy(other => other.Name).Where(name => name.Value > 1).Select(name => name.Key).ToHashSet();
        return _namesakes.Contains(item.Name) ? $"{item.Name} ({item.Synset ?? $"{index}"})" : item.Name;
    }

    private static ClassName[] FromJson(string text)
    {
        var classes = JsonSerializer.Deserialize<ClassName?[]>(text, JsonSerializerOptions.Web)!;
        if (classes.Any(item => item?.Name is null))
            throw new ArgumentException("each entry needs an index, a synset and a name");
        return classes!;
    }

    private static IEnumerable<ClassName> FromLines(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select((line, index) =>
            SynsetLine().Match(line) is { Success: true } match
                ? new ClassName(index, match.Groups[1].Value, match.Groups[2].Value)
                : new ClassName(index, null, line));

    [GeneratedRegex(@"^(n\d{8})[\s,]+(.+)$")]
    private static partial Regex SynsetLine();
}
