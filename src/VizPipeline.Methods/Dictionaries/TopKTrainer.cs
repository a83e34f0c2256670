using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Network.Dictionaries;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Torch;

namespace VizPipeline.Methods.Dictionaries;

/// <summary>How a TopK dictionary is trained.</summary>
/// <param name="Features">Number of features, f.</param>
/// <param name="Count">Features that may be above 0 at one place, k.</param>
/// <param name="Steps">Number of steps of Adam.</param>
/// <param name="Batch">Places per step.</param>
/// <param name="Rate">Learning rate; it falls to 0 over the last fifth of the steps.</param>
/// <param name="Seed">Determines the first weights and the order of the places.</param>
public sealed record TopKTraining(int Features, int Count, int Steps = 2000, int Batch = 1024, double Rate = 1e-3, int Seed = 0);

/// <summary>
/// Trains a TopK sparse autoencoder (Gao et al. 2024, "Scaling and evaluating sparse autoencoders"): decoder rows of length 1, an encoder
/// that starts as the decoder's transpose, and an auxiliary loss by which dead features learn what the others leave.
/// </summary>
public static class TopKTrainer
{
    // As in the paper, apart from the number of steps after which a feature counts as dead: sets of images are smaller than those of text.
    private const double AuxiliaryWeight = 1.0 / 32;
    private const int DeadSteps = 100;

    /// <summary>Trains a dictionary.</summary>
    /// <param name="rows">Values at places of images, [n, d].</param>
    /// <param name="training">The settings.</param>
    /// <param name="device">The device.</param>
    /// <param name="progress">Receives the number of steps done and R squared of the latest batch; may be null.</param>
    /// <param name="cancellation">Stops the training.</param>
    public static FeatureDictionary Train(
        FloatTensor rows, TopKTraining training, torch.Device device, Action<int, double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(training);
        if (training.Count < 1 || training.Count > training.Features)
            throw new ArgumentOutOfRangeException(nameof(training), training.Count, $"k must be from 1 to {training.Features}");
        TorchRuntime.Start();
        using var scope = torch.NewDisposeScope();
        var (places, channels) = (rows.Shape[0], rows.Shape[1]);
        var data = torch.tensor(rows.Values, [places, channels]).to(device);
        var mean = data.mean([0L]);
        // Adam's rate is in the units of the weights, so the values are brought to unit variance, and the result back.
        var unit = Math.Max(1e-12, Math.Sqrt((data - mean).square().mean().item<float>()));
        data = (data - mean).DividedBy(unit);
        using var model = new Model(training, channels, device);
        var order = new Shuffle(places, training.Seed);
        for (var step = 0; step < training.Steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var inner = torch.NewDisposeScope();
            var batch = data.index_select(0, torch.tensor(order.Next(training.Batch)).to(device));
            var fit = model.Step(batch, RateAt(training, step));
            progress?.Invoke(step + 1, fit);
        }
        return model.ToDictionary(Read(mean), unit);
    }

    private static double RateAt(TopKTraining training, int step)
        => training.Rate * Math.Min(1, 5.0 * (training.Steps - step) / training.Steps);

    private static float[] Read(torch.Tensor values) =>
        MemoryMarshal.Cast<byte, float>(values.detach().contiguous().cpu().bytes).ToArray();

    private sealed class Model : IDisposable
    {
        private readonly TopKTraining _training;
        private readonly torch.Tensor _encoder;
        private readonly torch.Tensor _encoderBias;
        private readonly torch.Tensor _decoder;
        private readonly torch.Tensor _decoderBias;
        private readonly torch.Tensor _silent;
        private readonly (torch.Tensor Weight, AdamStepper Stepper)[] _learned;

        public Model(TopKTraining training, int channels, torch.Device device)
        {
            _training = training;
            var first = new float[training.Features * channels];
            new SplitMix(training.Seed, 0).FillNormal(first, 1);
            _decoder = Normalised(torch.tensor(first, [training.Features, channels]).to(device));
            _encoder = _decoder.t().clone();
            (_encoderBias, _decoderBias) = (torch.zeros(training.Features, device: device), torch.zeros(channels, device: device));
            _silent = torch.zeros(training.Features, device: device);
            _learned = [.. new[] { _encoder, _encoderBias, _decoder, _decoderBias }.Select(
                weight => (weight.requires_grad_(true), new AdamStepper(1, 0.9, 0.999, isNesterov: false)))];
        }

        /// <summary>Makes one step and returns R squared of the batch before it.</summary>
        public double Step(torch.Tensor batch, double rate)
        {
            var before = (batch - _decoderBias).matmul(_encoder).Plus(_encoderBias);
            var features = Top(before, _training.Count);
            var rest = batch - features.matmul(_decoder).Plus(_decoderBias);
            var error = rest.square().mean();
            var loss = Auxiliary(before, rest.detach()) is { } auxiliary ? error.Plus(auxiliary.Times(AuxiliaryWeight)) : error;
            var gradients = torch.autograd.grad([loss], [.. _learned.Select(learned => learned.Weight)]);
            using (torch.no_grad())
            {
                foreach (var ((weight, stepper), gradient) in _learned.Zip(gradients))
                    weight.sub_(stepper.Step(gradient).TimesInPlace(rate));
                _decoder.copy_(Normalised(_decoder));
                _silent.PlusInPlace(1).mul_(features.Gt(0).any(0).logical_not().to(torch.float32));
            }
            return 1 - (error.item<float>() / Math.Max(1e-12, batch.square().mean().item<float>()));
        }

        /// <summary>Returns the dictionary in the units of the layer: unit * topk(W (x - mean) / unit - W b + c).</summary>
        public FeatureDictionary ToDictionary(float[] mean, double unit)
        {
            using var mode = torch.no_grad();
            var (features, channels) = (_training.Features, mean.Length);
            var bias = Read((_encoderBias - _decoderBias.matmul(_encoder)).Times(unit));
            var after = Read(_decoderBias).Select((value, i) => (float)((value * unit) + mean[i])).ToArray();
            return new FeatureDictionary
            {
                Encoder = new FloatTensor("W_enc", [features, channels], Read(_encoder.t())),
                EncoderBias = new FloatTensor("b_enc", [features], bias),
                InputBias = new FloatTensor("b_pre", [channels], mean),
                Decoder = new FloatTensor("W_dec", [features, channels], Read(_decoder)),
                DecoderBias = new FloatTensor("b_dec", [channels], after),
                Activation = DictionaryActivation.TopK,
                Count = _training.Count,
                Layout = "trained by viz",
            };
        }

        public void Dispose()
        {
            foreach (var (weight, stepper) in _learned)
            {
                weight.Dispose();
                stepper.Dispose();
            }
            _silent.Dispose();
        }

        // The error of restoring, from the strongest dead features alone, what the living ones leave.
        private torch.Tensor? Auxiliary(torch.Tensor before, torch.Tensor rest)
        {
            var dead = _silent.Gt(DeadSteps - 1);
            var count = (int)Math.Min(dead.sum().item<long>(), Math.Max(1, rest.shape[1] / 2));
            if (count == 0)
                return null;
            var features = Top(before.MaskedFill(dead.logical_not(), float.NegativeInfinity), count);
            return (features.matmul(_decoder) - rest).square().mean();
        }

        private static torch.Tensor Top(torch.Tensor before, int count)
        {
            var (values, indices) = before.topk(count, dim: 1, largest: true, sorted: false);
            return torch.zeros_like(before).scatter(1, indices, values.relu());
        }

        private static torch.Tensor Normalised(torch.Tensor rows) => rows / rows.norm(1, keepdim: true).ClampMin(1e-12);
    }

    // Every place once, in random order, then all of them again.
    private sealed class Shuffle(int count, int seed)
    {
        private readonly long[] _order = [.. Enumerable.Range(0, count).Select(place => (long)place)];
        private SplitMix _random = new(seed, 1);
        private int _next = int.MaxValue;

        public long[] Next(int batch)
        {
            var chosen = new long[Math.Min(batch, _order.Length)];
            for (var i = 0; i < chosen.Length; i++)
            {
                if (_next >= _order.Length)
                    Mix();
                chosen[i] = _order[_next++];
            }
            return chosen;
        }

        private void Mix()
        {
            for (var i = _order.Length - 1; i > 0; i--)
            {
                var other = (int)(_random.Uniform() * (i + 1));
                (_order[i], _order[other]) = (_order[other], _order[i]);
            }
            _next = 0;
        }
    }
}
