using System.Text.Json.Serialization;
using TorchSharp;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>The function of a layer's values that an ascent maximises.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NeuronObjective), "neuron")]
[JsonDerivedType(typeof(ChannelObjective), "channel")]
[JsonDerivedType(typeof(DirectionObjective), "direction")]
[JsonDerivedType(typeof(InversionObjective), "inversion")]
[JsonDerivedType(typeof(CaricatureObjective), "caricature")]
public abstract record AscentObjective : IRecipePart
{
    /// <summary>Whether it applies to one neuron of the layer, a different one for each image of a batch.</summary>
    [JsonIgnore]
    public virtual bool IsPerNeuron => true;

    /// <summary>Whether it needs the whole map; otherwise one position is enough and only its receptive field is optimised.</summary>
    [JsonIgnore]
    public virtual bool ReadsMap => true;

    /// <summary>Whether it compares with the layer's values on <see cref="AscentMaterial.Picture"/>.</summary>
    [JsonIgnore]
    public virtual bool NeedsPicture => false;

    /// <inheritdoc/>
    public virtual IEnumerable<string> Faults() => [];

    /// <summary>Returns the objective of each image, [N].</summary>
    internal abstract torch.Tensor Evaluate(LayerValues values);

    /// <summary>Returns the activation that is reported with it, [N].</summary>
    internal virtual torch.Tensor Activation(LayerValues values) => Evaluate(values);

    private protected static torch.Tensor Mean(torch.Tensor maps) => maps.dim() == 2 ? maps : maps.mean([2, 3]);
}

/// <summary>A layer's values on a batch of images.</summary>
/// <param name="Maps">[N, C, h, w], or [N, C] for a vector.</param>
/// <param name="Neurons">The neuron of each image, [N] int64.</param>
/// <param name="Centre">The position that a neuron objective reads; (0, 0) if the maps contain only that position.</param>
/// <param name="Picture">The layer's values on the given image, [1, C, h, w] or [1, C]; null if there is none.</param>
internal sealed record LayerValues(torch.Tensor Maps, torch.Tensor Neurons, (int Y, int X) Centre, torch.Tensor? Picture)
{
    /// <summary>Returns each image's own channel, [N, h, w] or [N].</summary>
    public torch.Tensor OwnChannel() => Maps.dim() == 2
        ? Maps.gather(1, Neurons.reshape(-1, 1)).squeeze(1)
        : Maps.gather(1, Neurons.reshape(-1, 1, 1, 1).expand(-1, 1, Maps.shape[2], Maps.shape[3])).squeeze(1);
}

/// <summary>One neuron at the centre of its map; at the output layer, the logit of a class.</summary>
public sealed record NeuronObjective : AscentObjective
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override bool ReadsMap => false;

    /// <inheritdoc/>
    internal override torch.Tensor Evaluate(LayerValues values)
    {
        var own = values.OwnChannel();
        return own.dim() == 1 ? own : own.narrow(1, values.Centre.Y, 1).narrow(2, values.Centre.X, 1).reshape(-1);
    }
}

/// <summary>The mean of the neuron's map.</summary>
public sealed record ChannelObjective : AscentObjective
{
    /// <inheritdoc/>
    internal override torch.Tensor Evaluate(LayerValues values)
    {
        var own = values.OwnChannel();
        return own.dim() == 1 ? own : own.mean([1, 2]);
    }

    /// <inheritdoc/>
    internal override torch.Tensor Activation(LayerValues values)
    {
        var own = values.OwnChannel();
        return own.dim() == 1 ? own : own.amax([1, 2]);
    }
}

/// <summary>
/// A weighted sum of channels, each averaged over its map: a direction in the layer's space (Olah et al. 2017, "Interaction between
/// Neurons").
/// </summary>
/// <param name="Weights">Weight by channel; a negative weight minimises a channel.</param>
public sealed record DirectionObjective(IReadOnlyDictionary<int, double> Weights) : AscentObjective
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override bool IsPerNeuron => false;

    /// <inheritdoc/>
    public override IEnumerable<string> Faults()
    {
        if (Weights.Count == 0 || Weights.Values.All(weight => weight == 0))
            yield return "direction needs at least one channel with a weight that is not 0";
        foreach (var (channel, weight) in Weights)
        {
            if (channel < 0 || weight is not (>= -1e6 and <= 1e6))
                yield return $"direction has the weight {weight} for channel {channel}";
        }
    }

    /// <inheritdoc/>
    internal override torch.Tensor Evaluate(LayerValues values)
    {
        var channels = torch.tensor([.. Weights.Keys.Select(channel => (long)channel)], dtype: torch.int64).to(values.Maps.device);
        var weights = torch.tensor([.. Weights.Values.Select(weight => (float)weight)]).to(values.Maps.device);
        return Mean(values.Maps.index_select(1, channels)).mul(weights).sum(1);
    }
}

/// <summary>
/// Minus the squared distance to an image's values, relative to their squared norm (Mahendran and Vedaldi 2015, eq. 2): shows which
/// information about the image the layer keeps.
/// </summary>
public sealed record InversionObjective : AscentObjective
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override bool IsPerNeuron => false;

    /// <inheritdoc/>
    [JsonIgnore]
    public override bool NeedsPicture => true;

    /// <inheritdoc/>
    internal override torch.Tensor Evaluate(LayerValues values)
    {
        var picture = values.Picture!.flatten(1);
        return -((values.Maps.flatten(1) - picture).square().sum(1) / picture.square().sum(1).ClampMin(1e-12));
    }
}

/// <summary>
/// The dot product with an image's values times their cosine similarity to the power of <paramref name="Power"/> (Olah 2018, Lucid's
/// <c>dot_compare</c>): exaggerates whatever the layer saw in the image.
/// </summary>
/// <param name="Power">0 or more; 0 is the dot product alone.</param>
public sealed record CaricatureObjective(double Power = 2) : AscentObjective
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override bool IsPerNeuron => false;

    /// <inheritdoc/>
    [JsonIgnore]
    public override bool NeedsPicture => true;

    /// <inheritdoc/>
    public override IEnumerable<string> Faults()
    {
        if (Power is not (>= 0 and <= 100))
            yield return $"caricature's power must be 0 to 100, not {Power}";
    }

    /// <inheritdoc/>
    internal override torch.Tensor Evaluate(LayerValues values)
    {
        var (maps, picture) = (values.Maps.flatten(1), values.Picture!.flatten(1));
        var product = (maps * picture).sum(1);
        var cosine = product / (maps.norm(1) * picture.norm(1)).ClampMin(1e-12);
        return (product / picture.norm(1).ClampMin(1e-12)) * cosine.ClampMin(0.1).Pow(Power);
    }
}
