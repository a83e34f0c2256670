using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>
/// Reads the subset of Python's pickle that state dicts use (protocols 2 to 5): containers, text, numbers and tensors. A pickle is a
/// program; this interpreter knows no instruction and no name that could do anything but build data.
/// </summary>
/// <remarks>
/// Memory is bounded by the pickle's length: each instruction adds at most one small value, lengths are checked against the remaining
/// bytes, and nothing is ever copied out of the memo, compared, hashed or walked.
/// </remarks>
internal sealed class Unpickler
{
    private readonly string _file;
    private readonly PickleBytes _bytes;
    private readonly TorchCalls _calls;
    private readonly Dictionary<long, object?> _memo = [];
    private readonly Stack<List<object?>> _marked = new();
    private List<object?> _stack = [];

    private Unpickler(PickleBytes bytes, StorageList? references)
    {
        _file = bytes.File;
        this._bytes = bytes;
        _calls = new TorchCalls(_file, references);
    }

    /// <summary>Returns the value that the next pickle builds and leaves <paramref name="bytes"/> after it.</summary>
    /// <param name="bytes">Where to read.</param>
    /// <param name="references">Receives the storages that the pickle refers to.</param>
    /// <exception cref="ModelFormatException">The pickle is damaged, or would run code.</exception>
    public static object? Read(PickleBytes bytes, StorageList? references = null)
    {
        var machine = new Unpickler(bytes, references);
        while (true)
        {
            var opcode = (PickleOpcode)machine._bytes.Next();
            if (opcode == PickleOpcode.Stop)
                return machine.Pop();
            machine.Step(opcode);
        }
    }

    private void Step(PickleOpcode opcode)
    {
        if (!TryStack(opcode) && !TryNumber(opcode) && !TryText(opcode) && !TryContainer(opcode) && !TryMemo(opcode))
            Name(opcode);
    }

    private bool TryStack(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Proto:
                if (_bytes.Next() is < 2 or > 5)
                    throw Wrong("has a pickle of an unknown version");
                return true;
            case PickleOpcode.Frame:
                // A frame only helps buffering readers; each element's length is checked separately.
                _bytes.Length(8);
                return true;
            case PickleOpcode.Mark:
                _marked.Push(_stack);
                _stack = [];
                return true;
            case PickleOpcode.Pop:
                Pop();
                return true;
            case PickleOpcode.PopMark:
                TakeMarked();
                return true;
            case PickleOpcode.Dup:
                _stack.Add(Peek());
                return true;
            default:
                return false;
        }
    }

    private bool TryNumber(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.None:
                _stack.Add(null);
                return true;
            case PickleOpcode.NewTrue:
                _stack.Add(true);
                return true;
            case PickleOpcode.NewFalse:
                _stack.Add(false);
                return true;
            case PickleOpcode.BinInt:
                _stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(_bytes.Take(4)));
                return true;
            case PickleOpcode.BinInt1:
                _stack.Add((long)_bytes.Next());
                return true;
            case PickleOpcode.BinInt2:
                _stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(_bytes.Take(2)));
                return true;
            case PickleOpcode.Long1:
                _stack.Add(Long(_bytes.Take(_bytes.Next())));
                return true;
            case PickleOpcode.Long4:
                _stack.Add(Long(_bytes.Take(_bytes.Length(4))));
                return true;
            case PickleOpcode.Int:
                // Python 2 writes integers of more than 32 bits as text.
                _stack.Add(long.TryParse(_bytes.Line(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    ? number : throw Wrong("has an invalid integer"));
                return true;
            case PickleOpcode.BinFloat:
                _stack.Add(BinaryPrimitives.ReadDoubleBigEndian(_bytes.Take(8)));
                return true;
            default:
                return false;
        }
    }

    private bool TryText(PickleOpcode opcode)
    {
        switch (opcode)
        {
            // Python 2's plain strings: names and keys are ASCII.
            case PickleOpcode.ShortBinString:
                _stack.Add(Encoding.UTF8.GetString(_bytes.Take(_bytes.Next())));
                return true;
            case PickleOpcode.ShortBinUnicode:
                _stack.Add(Encoding.UTF8.GetString(_bytes.Take(_bytes.Next())));
                return true;
            case PickleOpcode.BinString or PickleOpcode.BinUnicode:
                _stack.Add(Encoding.UTF8.GetString(_bytes.Take(_bytes.Length(4))));
                return true;
            case PickleOpcode.BinUnicode8:
                _stack.Add(Encoding.UTF8.GetString(_bytes.Take(_bytes.Length(8))));
                return true;
            case PickleOpcode.ShortBinBytes:
                _stack.Add(_bytes.Take(_bytes.Next()).ToArray());
                return true;
            case PickleOpcode.BinBytes:
                _stack.Add(_bytes.Take(_bytes.Length(4)).ToArray());
                return true;
            case PickleOpcode.BinBytes8:
                _stack.Add(_bytes.Take(_bytes.Length(8)).ToArray());
                return true;
            default:
                return false;
        }
    }

    private bool TryContainer(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.EmptyTuple:
                _stack.Add(new PickleTuple([]));
                return true;
            case PickleOpcode.Tuple1 or PickleOpcode.Tuple2 or PickleOpcode.Tuple3:
                _stack.Add(new PickleTuple(TakeLast(opcode - PickleOpcode.Tuple1 + 1)));
                return true;
            case PickleOpcode.Tuple:
                PushOf(items => new PickleTuple([.. items]));
                return true;
            case PickleOpcode.EmptyList or PickleOpcode.EmptySet:
                _stack.Add(new PickleList());
                return true;
            case PickleOpcode.List or PickleOpcode.FrozenSet:
                PushOf(items => Fill(new PickleList(), items));
                return true;
            case PickleOpcode.Append:
                Fill(Under<PickleList>(1), TakeLast(1));
                return true;
            case PickleOpcode.Appends or PickleOpcode.AddItems:
                var added = TakeMarked();
                Fill(Under<PickleList>(0), added);
                return true;
            case PickleOpcode.EmptyDict:
                _stack.Add(new PickleDict());
                return true;
            case PickleOpcode.Dict:
                PushOf(items => Fill(new PickleDict(), items));
                return true;
            case PickleOpcode.SetItem:
                Fill(Under<PickleDict>(2), TakeLast(2));
                return true;
            case PickleOpcode.SetItems:
                var pairs = TakeMarked();
                Fill(Under<PickleDict>(0), pairs);
                return true;
            default:
                return false;
        }
    }

    private bool TryMemo(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.BinPut:
                _memo[_bytes.Next()] = Peek();
                return true;
            case PickleOpcode.LongBinPut:
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Take(4))] = Peek();
                return true;
            case PickleOpcode.Memoize:
                _memo[_memo.Count] = Peek();
                return true;
            case PickleOpcode.BinGet:
                Recall(_bytes.Next());
                return true;
            case PickleOpcode.LongBinGet:
                Recall(BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Take(4)));
                return true;
            default:
                return false;
        }
    }

    // The instructions that refer to or call code in a general pickle.
    private void Name(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Global:
                var module = _bytes.Line();
                _stack.Add(Global(module, _bytes.Line()));
                break;
            case PickleOpcode.StackGlobal:
                if (TakeLast(2) is not [string from, string name])
                    throw Wrong("refers to a function by something that is not text");
                _stack.Add(Global(from, name));
                break;
            case PickleOpcode.Reduce:
                if (TakeLast(2) is not [PickleGlobal function, PickleTuple arguments])
                    throw RunsCode("a call of something that is not a known function");
                _stack.Add(_calls.Call(function, arguments.Items));
                break;
            case PickleOpcode.NewObj when _stack is [.., PickleGlobal { IsInert: true }, PickleTuple]:
                TakeLast(2);
                _stack.Add(PickleInert.Instance);
                break;
            case PickleOpcode.BinPersId:
                _stack.Add(_calls.Persistent(Pop()));
                break;
            case PickleOpcode.Build:
                Build();
                break;
            default:
                throw Enum.IsDefined(opcode)
                    ? RunsCode($"the instruction {opcode}")
                    : Wrong($"has the unknown pickle instruction 0x{(byte)opcode:x2}");
        }
    }

    // Module.state_dict() attaches a dict `_metadata` to its OrderedDict. Any other state would be an object's, set by code; the state of a
    // skipped object is dropped with it.
    private void Build()
    {
        var state = Pop();
        if (Peek() is PickleInert)
            return;
        if (Peek() is not PickleDict || state is not PickleDict { HasTextKeys: true })
            throw RunsCode("an object with a state of its own");
    }

    private object Global(string module, string name)
        => TorchGlobals.Find(module, name) ?? throw RunsCode($"{module}.{name}");

    private ModelFormatException RunsCode(string what)
        => new(
            _file,
            $"contains {what}, which would run code; only plain state dicts are read",
            "save one with torch.save(model.state_dict(), path); "
            + "to convert a whole saved network, load it where its code is and save its state_dict()");

    private void Recall(long key)
        => _stack.Add(_memo.TryGetValue(key, out var value) ? value : throw Wrong("recalls a value that it never stored"));

    private void PushOf(Func<List<object?>, object> make)
    {
        // Taken first, because it changes which stack is current.
        var items = TakeMarked();
        _stack.Add(make(items));
    }

    private static PickleList Fill(PickleList list, IReadOnlyList<object?> items)
    {
        list.Items.AddRange(items);
        return list;
    }

    private PickleDict Fill(PickleDict dict, IReadOnlyList<object?> items)
    {
        if (items.Count % 2 != 0)
            throw Wrong("has a dict with a key that has no value");
        for (var i = 0; i < items.Count; i += 2)
            dict.Add(items[i], items[i + 1]);
        return dict;
    }

    private T Under<T>(int depth) where T : class
        => _stack.Count > depth && _stack[^(depth + 1)] is T found ? found
            : throw Wrong("adds to something that is not the right container");

    private object? Peek() => _stack.Count > 0 ? _stack[^1] : throw Wrong("has a pickle that pops from an empty stack");

    private object? Pop()
    {
        var top = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return top;
    }

    private object?[] TakeLast(int count)
    {
        if (_stack.Count < count)
            throw Wrong("has a pickle that pops from an empty stack");
        object?[] taken = [.. _stack[^count..]];
        _stack.RemoveRange(_stack.Count - count, count);
        return taken;
    }

    private List<object?> TakeMarked()
    {
        var taken = _stack;
        if (!_marked.TryPop(out var below))
            throw Wrong("has a pickle that pops to a missing mark");
        _stack = below;
        return taken;
    }

    private long Long(ReadOnlySpan<byte> digits)
    {
        if (digits.Length > 8)
            throw Wrong($"has an integer of {digits.Length} bytes; no size or count is that large");
        long value = digits.Length > 0 && digits[^1] >= 0x80 ? -1 : 0;
        for (var i = digits.Length - 1; i >= 0; i--)
            value = (value << 8) | digits[i];
        return value;
    }

    private ModelFormatException Wrong(string problem) => new(_file, problem, "it is damaged or not a PyTorch file");
}
