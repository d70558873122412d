#if arch(x86_64)
    import _Builtin_intrinsics.intel
#endif

/// Which of 64 bytes are delimiters, record ends and quotes: one bit a byte.
private struct Masks {
    var delimiters: UInt64
    var recordEnds: UInt64
    var quotes: UInt64
}

#if arch(x86_64)
    /// SSE2, which every x86-64 has: four compares and movemasks a needle.
    private struct Needles {
        let delimiter: __m128i
        let recordEnd: __m128i
        let quote: __m128i

        @inline(__always)
        init(delimiter: UInt8, recordEnd: UInt8, quote: UInt8) {
            self.delimiter = _mm_set1_epi8(CChar(bitPattern: delimiter))
            self.recordEnd = _mm_set1_epi8(CChar(bitPattern: recordEnd))
            self.quote = _mm_set1_epi8(CChar(bitPattern: quote))
        }

        @inline(__always)
        private func bits(_ a: __m128i, _ b: __m128i, _ c: __m128i, _ d: __m128i, _ needle: __m128i) -> UInt64 {
            let low = UInt64(UInt32(bitPattern: _mm_movemask_epi8(_mm_cmpeq_epi8(a, needle))))
            let second = UInt64(UInt32(bitPattern: _mm_movemask_epi8(_mm_cmpeq_epi8(b, needle))))
            let third = UInt64(UInt32(bitPattern: _mm_movemask_epi8(_mm_cmpeq_epi8(c, needle))))
            let high = UInt64(UInt32(bitPattern: _mm_movemask_epi8(_mm_cmpeq_epi8(d, needle))))
            return low | second &<< 16 | third &<< 32 | high &<< 48
        }

        @inline(__always)
        func masks(_ bytes: UnsafePointer<UInt8>) -> Masks {
            let raw = UnsafeRawPointer(bytes)
            let a = raw.loadUnaligned(fromByteOffset: 0, as: __m128i.self)
            let b = raw.loadUnaligned(fromByteOffset: 16, as: __m128i.self)
            let c = raw.loadUnaligned(fromByteOffset: 32, as: __m128i.self)
            let d = raw.loadUnaligned(fromByteOffset: 48, as: __m128i.self)
            return Masks(
                delimiters: bits(a, b, c, d, delimiter), recordEnds: bits(a, b, c, d, recordEnd), quotes: bits(a, b, c, d, quote))
        }
    }
#else
    /// Eight bytes at a time in plain words.
    private struct Needles {
        let delimiter: UInt64
        let recordEnd: UInt64
        let quote: UInt64

        @inline(__always)
        init(delimiter: UInt8, recordEnd: UInt8, quote: UInt8) {
            self.delimiter = UInt64(delimiter) &* 0x0101_0101_0101_0101
            self.recordEnd = UInt64(recordEnd) &* 0x0101_0101_0101_0101
            self.quote = UInt64(quote) &* 0x0101_0101_0101_0101
        }

        /// One bit for each zero byte of `word ^ needle`, exactly, gathered into the low eight bits.
        @inline(__always)
        private func bits(_ word: UInt64, _ needle: UInt64) -> UInt64 {
            let x = word ^ needle
            let low = (x & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7F7F_7F7F_7F7F_7F7F
            let zero = ~(low | x | 0x7F7F_7F7F_7F7F_7F7F)
            return ((zero &>> 7) &* 0x0102_0408_1020_4080) &>> 56
        }

        @inline(__always)
        func masks(_ bytes: UnsafePointer<UInt8>) -> Masks {
            var masks = Masks(delimiters: 0, recordEnds: 0, quotes: 0)
            let raw = UnsafeRawPointer(bytes)
            for k in 0..<8 {
                let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: k &* 8, as: UInt64.self))
                let shift = UInt64(truncatingIfNeeded: k &* 8)
                masks.delimiters |= bits(word, delimiter) &<< shift
                masks.recordEnds |= bits(word, recordEnd) &<< shift
                masks.quotes |= bits(word, quote) &<< shift
            }
            return masks
        }
    }
#endif

extension FieldScanner {
    /// The machine's work 64 bytes at a time. Quotes become a mask of what is inside them by a running exclusive-or; the trick holds only
    /// while every quote stands where a quote may stand, which is checked a block: a block that fails goes through the machine itself.
    func scanWide(_ base: UnsafePointer<UInt8>, count: Int, ends: UnsafeMutablePointer<UInt32>, _ p: inout Progress) {
        let hasQuotes = dialect.quote != nil
        let needles = Needles(delimiter: dialect.delimiter[0], recordEnd: dialect.recordEnd, quote: dialect.quote ?? 0)
        let blocks = count / 64
        var block = 0
        while block < blocks {
            let start = block &* 64
            var masks = needles.masks(base + start)
            if !hasQuotes { masks.quotes = 0 }
            block &+= 1
            if masks.quotes == 0 {
                if p.state == .quoted {
                    p.innerLines &+= masks.recordEnds.nonzeroBitCount
                    continue
                }
                emit(masks.delimiters | masks.recordEnds, masks.recordEnds, start: start, ends: ends, &p)
                let structural = masks.delimiters | masks.recordEnds
                if structural &>> 63 != 0 {
                    p.state = .fieldStart
                } else if structural != 0 || p.state != .stray {
                    p.state = p.state == .closed && structural == 0 ? .stray : .unquoted
                }
                continue
            }
            let wasInside: UInt64 = p.state == .quoted ? ~0 : 0
            let inside = FieldScanner.prefixXor(masks.quotes) ^ wasInside
            let opens = masks.quotes & inside
            let closes = masks.quotes & ~inside
            let structural = (masks.delimiters | masks.recordEnds) & ~inside
            let startsBefore = structural &<< 1 | (p.state == .fieldStart ? 1 : 0)
            let closesBefore = closes &<< 1 | (p.state == .closed ? 1 : 0)
            if opens & ~startsBefore != 0 { p.sawInnerQuote = true }
            guard opens & ~(startsBefore | closesBefore) == 0 else {
                step(base, from: start, to: start &+ 64, limit: count, ends: ends, &p)
                continue
            }
            p.sawQuote = true
            let innerLines = masks.recordEnds & inside
            let recordEnds = masks.recordEnds & ~inside
            if innerLines != 0 {
                // Lines inside quotes count for the record that they stand in: those after the last record end are of the next one.
                let lastEnd = recordEnds == 0 ? 0 : 63 &- recordEnds.leadingZeroBitCount
                let before = recordEnds == 0 ? 0 : innerLines & ((1 &<< UInt64(lastEnd)) &- 1)
                p.innerLines &+= before.nonzeroBitCount
                emit(structural, recordEnds, start: start, ends: ends, &p)
                p.innerLines &+= (innerLines & ~before).nonzeroBitCount
            } else {
                emit(structural, recordEnds, start: start, ends: ends, &p)
            }
            let realOpens = opens & startsBefore
            if realOpens != 0 { p.openQuote = start &+ 63 &- realOpens.leadingZeroBitCount }
            if inside &>> 63 != 0 {
                p.state = .quoted
            } else if structural &>> 63 != 0 {
                p.state = .fieldStart
            } else {
                p.state = closes &>> 63 != 0 ? .closed : .unquoted
            }
        }
        step(base, from: blocks &* 64, to: count, limit: count, ends: ends, &p)
    }

    @inline(__always)
    private func emit(
        _ structural: UInt64, _ recordEnds: UInt64, start: Int, ends: UnsafeMutablePointer<UInt32>, _ p: inout Progress
    ) {
        var rest = structural
        var at = p.count
        let base = UInt32(truncatingIfNeeded: start)
        while rest != 0 {
            let bit = rest.trailingZeroBitCount
            let flag = UInt32(truncatingIfNeeded: recordEnds &>> UInt64(truncatingIfNeeded: bit)) &<< 31
            ends[at] = base &+ UInt32(truncatingIfNeeded: bit) | flag
            at &+= 1
            rest &= rest &- 1
        }
        p.count = at
        guard recordEnds != 0 else { return }
        let last = 63 &- recordEnds.leadingZeroBitCount
        // Fields after the last record end of these 64 bytes belong to a record that is not whole yet.
        let after = last == 63 ? 0 : (structural &>> UInt64(truncatingIfNeeded: last &+ 1)).nonzeroBitCount
        p.countAtRecord = at &- after
        p.consumed = start &+ last &+ 1
        p.records &+= recordEnds.nonzeroBitCount
        p.innerLinesAtRecord = p.innerLines
    }

    /// Bit i of the answer is the exclusive-or of bits 0...i.
    @inline(__always)
    private static func prefixXor(_ bits: UInt64) -> UInt64 {
        var x = bits
        x ^= x &<< 1
        x ^= x &<< 2
        x ^= x &<< 4
        x ^= x &<< 8
        x ^= x &<< 16
        x ^= x &<< 32
        return x
    }
}
