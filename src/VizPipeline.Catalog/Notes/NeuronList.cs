using System.Security.Cryptography;
using System.Text;

namespace VizPipeline.Catalog;

/// <summary>A list of neurons that somebody has starred. Whoever knows its id may read it, whoever knows its key may change it.</summary>
public sealed class NeuronList
{
    /// <summary>A random id, which cannot be guessed.</summary>
    public required string Id { get; set; }

    /// <summary>The id of the atlas; null in a folder, whose lists are all of its one atlas.</summary>
    public string? Atlas { get; set; }

    /// <summary>The title.</summary>
    public required string Title { get; set; }

    /// <summary>The SHA-256 of the key, in lower-case hexadecimal digits.</summary>
    public required string KeyHash { get; set; }

    /// <summary>When it was made, UTC.</summary>
    public DateTime CreatedAt { get; set; }

    /// <summary>When it was last changed, UTC.</summary>
    public DateTime ChangedAt { get; set; }

    /// <summary>The neurons in it, in the order in which they were added.</summary>
    public IReadOnlyList<ListedNeuron> Neurons { get; internal set; } = [];

    /// <summary>Returns whether a key allows changing the list. The time it takes reveals nothing about the key.</summary>
    public bool IsKey(string? key) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(HashKey(key ?? "")), Encoding.UTF8.GetBytes(KeyHash));

    internal static string HashKey(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}

/// <summary>A neuron in a list, with a note. Layer and channel are kept by name, so that they outlast a new build of the atlas.</summary>
public sealed class ListedNeuron
{
    /// <summary>The list.</summary>
    public required string ListId { get; set; }

    /// <summary>The name of the layer.</summary>
    public required string Layer { get; set; }

    /// <summary>The number of the neuron in its layer.</summary>
    public int Channel { get; set; }

    /// <summary>What somebody wrote about it; may be empty.</summary>
    public required string Note { get; set; }

    /// <summary>When it was added, UTC.</summary>
    public DateTime AddedAt { get; set; }
}
