using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>
/// The state of every image of a batch: its curve, the best image so far, and whether it is done. Images that are done leave the batch once
/// they make up a quarter of it; all facets of a neuron leave together.
/// </summary>
internal sealed class AscentProgress : IDisposable
{
    private readonly AscentRecipe _recipe;
    private readonly Box _box;
    private readonly torch.Device _device;
    private readonly Row[] _rows;
    private int[] _active;
    private torch.Tensor? _best;
    private torch.Tensor? _index;

    public AscentProgress(IReadOnlyList<int> neurons, AscentRecipe recipe, Box box, torch.Device device)
    {
        (_recipe, _box, _device) = (recipe, box, device);
        _rows = [.. neurons.SelectMany(neuron => Enumerable.Range(0, recipe.Facets).Select(facet => new Row(neuron, facet)))];
        _active = [.. Enumerable.Range(0, _rows.Length)];
    }

    /// <summary>Number of images in the batch.</summary>
    public int Rows => _active.Length;

    /// <summary>Neuron and facet of each image in the batch.</summary>
    public IEnumerable<(int Neuron, int Facet)> Active => _active.Select(row => (_rows[row].Neuron, _rows[row].Facet));

    /// <summary>Returns the neuron of each view in the batch, int64 [Rows * views].</summary>
    public torch.Tensor Neurons(int views)
    {
        _index ??= torch.tensor([.. _active.Select(row => (long)_rows[row].Neuron)], dtype: torch.int64).to(_device)
            .DetachFromDisposeScope();
        return views == 1 ? _index.alias() : _index.repeat_interleave(views);
    }

    /// <summary>
    /// Returns which images' gradients vanished in the last step although they need not, or null if none did: the neuron was active only on
    /// the border around the transformed image, so no pixel of the image influenced it. Such an image is used untransformed for one step,
    /// and its pre-activation is maximised.
    /// </summary>
    public bool[]? PressedRows() =>
        Array.Exists(_active, row => _rows[row].IsPressed) ? [.. _active.Select(row => _rows[row].IsPressed)] : null;

    /// <summary>Returns the same for each view, bool [Rows * views].</summary>
    public torch.Tensor? Pressed(int views)
    {
        if (PressedRows() is not { } rows)
            return null;
        var pressed = torch.tensor(rows).to(_device);
        return views == 1 ? pressed : pressed.repeat_interleave(views);
    }

    /// <summary>Records the images [Rows, C, H, W] of a step and their objectives and activations [Rows].</summary>
    public void Record(int step, torch.Tensor images, torch.Tensor objective, torch.Tensor activation, bool note = true)
    {
        var (values, activations) = (ToArray(objective), ToArray(activation));
        var improved = new bool[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var row = _rows[_active[i]];
            if (row.IsDone)
                continue;
            if (note)
                row.Curve.Add(values[i]);
            row.Start ??= values[i];
            improved[i] = row.Improve(step, values[i], activations[i], _recipe.EarlyStop);
        }
        if (_best is null)
            _best = images.clone().DetachFromDisposeScope();
        else if (Array.TrueForAll(improved, better => better))
            ReplaceBest(images.clone());
        else if (improved.Contains(true))
            ReplaceBest(torch.where(torch.tensor(improved, [improved.Length, 1, 1, 1]).to(images.device), images, _best));
    }

    /// <summary>Records the objectives of transformed images.</summary>
    public void Note(torch.Tensor objective)
    {
        var values = ToArray(objective);
        for (var i = 0; i < values.Length; i++)
        {
            if (!_rows[_active[i]].IsDone)
                _rows[_active[i]].Curve.Add(values[i]);
        }
    }

    /// <summary>Ends the images whose gradient has vanished and those that have stopped improving.</summary>
    /// <param name="step">The step's number.</param>
    /// <param name="vanished">Bool [Rows].</param>
    /// <param name="mayPress">Whether the step used transformed images: those whose gradient has vanished get another step,
    /// <see cref="Pressed"/>.</param>
    public void Stop(int step, torch.Tensor vanished, bool mayPress)
    {
        using var flags = vanished.cpu();
        var gone = flags.data<bool>();
        for (var i = 0; i < _active.Length; i++)
        {
            var row = _rows[_active[i]];
            if (row.IsDone)
                continue;
            row.HasVanished = gone[i] && (row.IsPressed || !mayPress);
            row.IsPressed = gone[i] && !row.IsPressed && mayPress;
            // Transformed images are evaluated too rarely to decide, and their plain steps are still to come.
            row.HasSettled = !mayPress && _recipe.EarlyStop is { } early && step - Math.Max(row.LastGain, FirstPlainStep) >= early.Patience;
            row.IsDone = row.HasVanished || row.HasSettled;
        }
    }

    /// <summary>Removes images that are done from the batch, once they are numerous enough.</summary>
    /// <returns>The rows that remain, int64; null if nothing changes.</returns>
    public torch.Tensor? Compact(torch.Tensor? weights)
    {
        var facets = _recipe.Facets;
        var groups = Enumerable.Range(0, _active.Length / facets)
            .Where(group => Enumerable.Range(group * facets, facets).Any(i => !_rows[_active[i]].IsDone)).ToArray();
        if (groups.Length * facets > _active.Length * 3 / 4)
            return null;
        var staying = groups.SelectMany(group => Enumerable.Range(group * facets, facets)).ToArray();
        Store(Enumerable.Range(0, _active.Length).Except(staying), weights);
        var rows = torch.tensor([.. staying.Select(i => (long)i)], dtype: torch.int64);
        _active = [.. staying.Select(i => _active[i])];
        _index?.Dispose();
        _index = null;
        if (_active.Length > 0)
            ReplaceBest(_best!.index_select(0, rows.to(_best.device)));
        return _active.Length > 0 ? rows : null;
    }

    /// <summary>Stores the images that remain in the batch.</summary>
    public void Close(torch.Tensor? weights) => Store(Enumerable.Range(0, _active.Length), weights);

    /// <summary>Returns the results, ordered by neuron and facet.</summary>
    public AscentResult[] Results(float[] mean)
    {
        var plane = _box.Width * _box.Height;
        return [.. _rows.Select(row => new AscentResult(
            row.Neuron, StatusOf(
                row), row.BestStep, row.Best, row.Activation, [.. row.Curve], [.. row.Image!.Select((value, i) => value + mean[i / plane])],
            _box.Height, _box.Width, _box, row.Facet, row.Alpha))];
    }

    public void Dispose()
    {
        _best?.Dispose();
        _index?.Dispose();
    }

    private int FirstPlainStep => _recipe.Transformations.Count > 0 ? Math.Max(0, _recipe.Steps - _recipe.PlainSteps) : 0;

    private AscentStatus StatusOf(Row row)
    {
        // NaN does not exceed anything either. A short run may end below its start without the neuron being dead.
        if (!(row.Best > row.Start) && (row.HasVanished || row.HasSettled || !float.IsFinite(row.Best)))
            return AscentStatus.Dead;
        return row.HasSettled || row.BestStep >= _recipe.Steps * 9 / 10 ? AscentStatus.Converged : AscentStatus.BestAtStep;
    }

    private void Store(IEnumerable<int> leaving, torch.Tensor? weights)
    {
        foreach (var i in leaving)
        {
            _rows[_active[i]].Image = ToArray(_best![i]);
            if (weights is not null)
                _rows[_active[i]].Alpha = Opacity(ToArray(weights[i]));
        }
    }

    // The strongest fifth is opaque, as in the paper's own images.
    private static float[] Opacity(float[] weights)
    {
        var sorted = weights.Order().ToArray();
        var full = sorted[(int)(0.8 * (sorted.Length - 1))];
        return [.. weights.Select(weight => full > 0 ? Math.Min(1, weight / full) : 1)];
    }

    private void ReplaceBest(torch.Tensor next)
    {
        _best?.Dispose();
        _best = next.DetachFromDisposeScope();
    }

    private static float[] ToArray(torch.Tensor values)
    {
        using var flat = values.contiguous().cpu();
        return MemoryMarshal.Cast<byte, float>(flat.bytes).ToArray();
    }

    private sealed class Row(int neuron, int facet)
    {
        private double _gainedFrom = double.NegativeInfinity;

        public int Neuron { get; } = neuron;

        public int Facet { get; } = facet;

        public List<float> Curve { get; } = [];

        public float? Start { get; set; }

        public float Best { get; private set; } = float.NegativeInfinity;

        public float Activation { get; private set; }

        public int BestStep { get; private set; }

        /// <summary>The last step at which the objective had grown by the recipe's gain.</summary>
        public int LastGain { get; private set; }

        public bool HasVanished { get; set; }

        public bool IsPressed { get; set; }

        public bool HasSettled { get; set; }

        public bool IsDone { get; set; }

        public float[]? Image { get; set; }

        public float[]? Alpha { get; set; }

        public bool Improve(int step, float objective, float activation, EarlyStop? early)
        {
            if (!(objective > Best))
                return false;
            (Best, Activation, BestStep) = (objective, activation, step);
            if (early is not null && objective > _gainedFrom + (early.Gain * Math.Abs(_gainedFrom)))
                (_gainedFrom, LastGain) = (objective, step);
            else if (double.IsNegativeInfinity(_gainedFrom))
                (_gainedFrom, LastGain) = (objective, step);
            return true;
        }
    }
}
